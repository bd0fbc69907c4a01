import type { Condition } from '../../contract/objects.ts';
import type { EventType } from '../../kube/events.ts';

/** Something to tell by an Event. */
export interface Telling {
  type: EventType;
  reason: string;
  message: string;
}

/** Reasons for which a backup is not complete that ask for nothing. */
const UNDER_WAY = new Set(['Running', 'OtherBackupRuns', 'Verifying', 'Deleting']);

/** What is worth an Event between two states: a condition that became true or false, or got another reason. */
export function tellTransitions(before: readonly Condition[] = [], after: readonly Condition[] = []): Telling[] {
  return after.flatMap((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    if (old?.status === condition.status && old.reason === condition.reason) return [];
    const { type, status, reason, message } = condition;
    if (type === 'Ready' && status === 'True') return [{ type: 'Normal', reason: 'Ready', message }] as Telling[];
    if (type === 'Ready' && reason === 'Hibernated') return [{ type: 'Normal', reason, message }] as Telling[];
    if (type === 'Ready' && old?.reason === 'Hibernated')
      return [{ type: 'Normal', reason: 'Woken', message: 'spec.enabled is true again' }] as Telling[];
    if (type === 'Degraded' && status === 'True') return [{ type: 'Warning', reason, message }] as Telling[];
    if (type === 'Degraded' && old?.status === 'True')
      return [{ type: 'Normal', reason: 'Recovered', message: 'nothing needs attention any more' }] as Telling[];
    // What a store does not take over makes it Degraded as well, which tells more.
    if (type === 'SpecAccepted' && status === 'False' && !after.some((other) => other.type === 'Degraded'))
      return [{ type: 'Warning', reason, message }] as Telling[];
    // Of a backup: what keeps it, and what it came to.
    if (type === 'Complete' || type === 'Verified')
      return [
        { type: status === 'True' || UNDER_WAY.has(reason) ? 'Normal' : 'Warning', reason, message },
      ] as Telling[];
    if (type === 'Progressing' && status === 'True') return [{ type: 'Normal', reason, message }] as Telling[];
    return [];
  });
}
