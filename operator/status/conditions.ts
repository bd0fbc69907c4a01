import type { Condition } from '../../contract/objects.ts';
import type { Verdict } from './finding.ts';

/**
 * Verdicts as conditions. The time of one whose status is as before is kept, so that an unchanged state gives an
 * equal list.
 */
export function toConditions(
  verdicts: readonly Verdict[],
  before: readonly Condition[] = [],
  generation: number,
  now: Date,
): Condition[] {
  return verdicts.map(({ type, status, reason, message }) => {
    const old = before.find((condition) => condition.type === type);
    return {
      type,
      status,
      reason,
      message: message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 1)}…` : message,
      lastTransitionTime: old?.status === status ? old.lastTransitionTime : rfc3339(now),
      observedGeneration: generation,
    };
  });
}

/** As meta/v1 Condition allows. */
const MAX_MESSAGE = 32_768;

/** A time as Kubernetes writes it: UTC, to the second. */
export function rfc3339(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
