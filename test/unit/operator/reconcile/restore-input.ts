import assert from 'node:assert/strict';
import type { KVStore } from '../../../../contract/objects.ts';
import type { VolumeClaim } from '../../../../operator/reconcile/kinds.ts';
import type { Member } from '../../../../operator/reconcile/observe.ts';
import type { decideRestore } from '../../../../operator/reconcile/restore-decision.ts';
import type { JobSeen } from '../../../../operator/reconcile/restore-job.ts';
import type { RestoreInput } from '../../../../operator/reconcile/restore-outcome.ts';
import { type RestoreRecord, restoreDigest } from '../../../../operator/reconcile/restore-record.ts';
import { observed, pod, running, store } from '../objects.ts';

/** The time of every decision. */
export const NOW = new Date('2026-01-01T12:00:00Z');
export const target = { volume: { claimName: 'backups' } };
export const object = { target, path: 'shop/main/nightly-1' };
export const source = { place: { target, object: object.path, encrypted: false }, encryption: undefined };
/** What was fetched, as the pod says it. */
export const data = {
  size: 900,
  storedSize: 900,
  sha256: 'ab',
  keys: 10,
  expiringKeys: 4,
  redisVersion: '8.0.2',
  rdbVersion: 12,
};
/** The same as the record has it. */
export const fetched = { keys: 10, expiring: 4, sha256: 'ab', bytes: 900 };

/** A store that is to be restored. */
export const restoring = (overwriteData = false): KVStore => store({ restoreFrom: { object, overwriteData } });
export const digest = restoreDigest(restoring()) ?? '';

/** The claim of the first member. */
export function claim(annotations: Record<string, string> = {}): VolumeClaim {
  const metadata = { name: 'data-main-redis-0', namespace: 'shop', resourceVersion: '5', annotations };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: {} };
}

/** A record of that restore, which has just begun. */
export const record = (changes: Partial<RestoreRecord> = {}): RestoreRecord => ({
  from: digest,
  phase: 'Fetching',
  attempts: 0,
  ...changes,
});

type Changes = Partial<RestoreInput> & Partial<Pick<Member, 'claim' | 'pod' | 'redis'>>;

/** A store that serves data and is to be restored in place, which was confirmed. */
export function input(changes: Changes = {}): RestoreInput {
  const { statefulSet, ...seen } = observed();
  const { claim: volume, pod, redis, ...rest } = { claim: claim(), pod: seen.pod, redis: seen.redis, ...changes };
  const members = [{ ordinal: 0, claim: volume, pod, redis }];
  const nothing = { record: undefined, slots: undefined, job: undefined };
  return { store: restoring(true), statefulSet, members, source, now: NOW, ...nothing, ...rest };
}

/** A new store: nothing is there but what the restore made. */
export const newStore = (changes: Changes = {}) =>
  input({ store: restoring(), statefulSet: undefined, claim: undefined, pod: undefined, redis: undefined, ...changes });

/** Redis was stopped. */
export const stopped = (changes: Changes = {}) => {
  const { statefulSet } = observed();
  assert.ok(statefulSet);
  const idle = { ...statefulSet, spec: { replicas: 0 } };
  return input({ statefulSet: idle, pod: undefined, redis: undefined, ...changes });
};

/** The pod of a Redis that ends again and again. */
export const crashed = pod({
  ...running(),
  containerStatuses: [
    {
      name: 'redis',
      ready: false,
      restartCount: 2,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 1, message: 'Short read or OOM loading DB' } },
    },
  ],
});

export const done: JobSeen = { state: 'done', data };
export const bad = (reason: string, again = false): JobSeen => ({
  state: 'failed',
  again,
  reason,
  message: `it is ${reason}`,
});
export const reasons = (decision: ReturnType<typeof decideRestore>) => decision.refusals.map(({ reason }) => reason);
