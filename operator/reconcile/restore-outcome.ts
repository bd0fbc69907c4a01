import type { SlotRange } from '../../contract/backup.ts';
import { rfc3339 } from '../status/conditions.ts';
import type { Finding } from '../status/finding.ts';
import type { Observed } from './observe.ts';
import type { JobSeen } from './restore-job.ts';
import type { DataNoted, RestoreRecord } from './restore-record.ts';
import type { RestoreSource } from './restore-source.ts';

/** What a decision is made from. */
export interface RestoreInput extends Pick<Observed, 'store' | 'statefulSet' | 'members'> {
  record: RestoreRecord | undefined;
  source: RestoreSource | undefined;
  /** The slots of each shard, where all are known and none is on its way; nothing is asked of a store that is new. */
  slots: readonly (readonly SlotRange[])[] | undefined;
  /** How the jobs of the present phase go, as one; undefined where it has none, or its time has not come. */
  job: JobSeen | undefined;
  now: Date;
}

/** What is to be written on the claims of the members that are restored: null removes. */
export interface RestoreWrite {
  /** On that of the first, and last. */
  record: RestoreRecord | null;
  /** What is on each volume, by ordinal; nothing where that stays what it is. */
  data?: readonly DataNoted[];
}

/** What a restore makes of one look at it. */
export interface RestoreDecision {
  /** What follows, noted before anything is done about it; absent where nothing does yet. */
  write?: RestoreWrite;
  refusals: Finding<'RestoreRefused' | 'RestoreFailed'>[];
  steps: Finding<'Restoring'>[];
}

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;

/** Nothing follows, and there is nothing to tell. */
export const nothing: RestoreDecision = { refusals: [], steps: [] };

/** The record is to be noted. */
export const write = (record: RestoreRecord | null, data?: readonly DataNoted[]): RestoreDecision => ({
  ...nothing,
  write: { record, ...(data && { data }) },
});

/** What is waited for. */
export const step = (message: string): RestoreDecision => ({ ...nothing, steps: [{ reason: 'Restoring', message }] });

/** What is not done, and why. */
export const refuse = (reason: 'RestoreRefused' | 'RestoreFailed', message: string): RestoreDecision => ({
  ...nothing,
  refusals: [{ reason, message }],
});

/** The same is tried again after a pause. */
export function retry(record: RestoreRecord, message: string, now: Date): RestoreDecision {
  return write({ ...pause(record, now), message });
}

/** Counts one more try that came to nothing, and puts the next one off: for longer each time. */
export function pause(record: RestoreRecord, now: Date): RestoreRecord {
  const ms = Math.min(FIRST_PAUSE_MS * 2 ** record.attempts, LONGEST_PAUSE_MS);
  return { ...record, attempts: record.attempts + 1, retryAt: rfc3339(new Date(now.getTime() + ms)) };
}

/** Whether a try of this phase came to nothing. */
export function pausing({ attempts, message }: RestoreRecord): boolean {
  return attempts > 0 && message !== undefined;
}

/** Why it did. */
export function lastTry({ message = '' }: RestoreRecord): Finding<'RestoreFailed'> {
  return { reason: 'RestoreFailed', message: `${message}; it is tried again` };
}
