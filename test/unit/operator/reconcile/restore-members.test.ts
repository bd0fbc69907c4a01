import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { KVStore } from '../../../../contract/objects.ts';
import { KEYS_ANNOTATION } from '../../../../operator/reconcile/key-counts.ts';
import type { Member } from '../../../../operator/reconcile/observe.ts';
import { decideRestore } from '../../../../operator/reconcile/restore-decision.ts';
import type { JobSeen } from '../../../../operator/reconcile/restore-job.ts';
import { joinJobs } from '../../../../operator/reconcile/restore-jobs.ts';
import type { RestoreInput } from '../../../../operator/reconcile/restore-outcome.ts';
import { DATA_MODE_ANNOTATION } from '../../../../operator/resources/plan.ts';
import { pod, redis, store } from '../objects.ts';
import { bad, claim, crashed, done, fetched, input, record, restoring, stopped } from './restore-input.ts';

/** A store of two members, of which the second has a volume of its own. */
function several(spec: Partial<KVStore['spec']>, changes: Parameters<typeof input>[0] = {}): RestoreInput {
  const base = input({ ...changes, store: store({ ...restoring(true).spec, ...spec }) });
  const [first] = base.members;
  assert.ok(first);
  return {
    ...base,
    members: [first, { ...first, ordinal: 1 }],
    ...('members' in changes && { members: changes.members }),
  };
}
const SLOTS = [[[0, 8191]], [[8192, 16383]]] as const;
const withPods = (...seen: Partial<Member>[]): Member[] =>
  seen.map((member, ordinal) => ({ ordinal, claim: claim(), pod: pod(), redis: redis(), ...member }));

test('shards are restored in place when the slots of all are known, which are noted', () => {
  const waiting = decideRestore(several({ shards: 2 }));
  assert.match(waiting.steps[0]?.message ?? '', /no slot is on its way/);
  assert.equal(waiting.write, undefined);
  const { write } = decideRestore(several({ shards: 2 }, { slots: SLOTS }));
  assert.deepEqual(write, { record: record({ members: 2, slots: SLOTS }) });
  const fetching = record({ members: 2, slots: SLOTS });
  assert.equal(
    decideRestore(several({ shards: 2 }, { record: fetching, slots: SLOTS, job: done })).write?.record?.phase,
    'Swapping',
  );
  // Their slots are others by now.
  const moved = [[[0, 8000]], [[8001, 16383]]] as const;
  const anew = decideRestore(several({ shards: 2 }, { record: fetching, slots: moved, job: done }));
  assert.deepEqual(anew.write, { record: record({ members: 2, slots: moved }) });
});

test('a store that has become larger is fetched for anew', () => {
  const { write } = decideRestore(several({ replicas: 2 as 3 }, { record: record(), job: done }));
  assert.deepEqual(write, { record: record({ members: 2 }) });
});

test('what the claims of all members said is noted, and comes back with the data', () => {
  const said = (mode: string, all: number) =>
    claim({ [DATA_MODE_ANNOTATION]: mode, [KEYS_ANNOTATION]: JSON.stringify({ all }) });
  const { statefulSet } = stopped();
  const members = withPods(
    { pod: undefined, redis: undefined, claim: said('aof', 3) },
    { pod: undefined, redis: undefined, claim: said('rdb', 4) },
  );
  const at = { record: record({ phase: 'Swapping', members: 2, data: fetched }), members, job: done };
  const input = { ...several({ replicas: 3 }, at), statefulSet };
  const { write } = decideRestore(input);
  assert.deepEqual(write?.data, [
    { mode: 'aof', keysAtStop: null },
    { mode: 'aof', keysAtStop: null },
  ]);
  const noted = write?.record;
  assert.deepEqual(
    [noted?.before, noted?.others],
    [{ mode: 'aof', keysAtStop: '{"all":3}' }, [{ mode: 'rdb', keysAtStop: '{"all":4}' }]],
  );
  const undone = decideRestore({ ...input, record: { ...record(), ...noted, phase: 'Undoing' } });
  assert.equal(undone.write?.record?.phase, 'Failed');
  assert.deepEqual(undone.write?.data, [
    { mode: 'aof', keysAtStop: '{"all":3}' },
    { mode: 'rdb', keysAtStop: '{"all":4}' },
  ]);
});

test('all shards must have read their parts, and of replicas the primary', () => {
  const loading = record({ phase: 'Loading', members: 2, data: fetched });
  const reads = redis({ loading: true });
  const has = (keys: number) => redis({ loaded: { keys, expired: 1 } });
  const half = several({ shards: 2 }, { record: loading, members: withPods({ redis: has(3) }, { redis: reads }) });
  assert.equal(decideRestore(half).write, undefined);
  const whole = several({ shards: 2 }, { record: loading, members: withPods({ redis: has(3) }, { redis: has(5) }) });
  assert.deepEqual(decideRestore(whole).write?.record?.loaded, { keys: 8, expired: 2 });
  const replica = redis({ replication: { role: 'replica' } });
  const replicas = (first: Member['redis']) =>
    several({ replicas: 3 }, { record: loading, members: withPods({ redis: first }, { redis: replica }) });
  assert.equal(decideRestore(replicas(reads)).write, undefined);
  assert.deepEqual(decideRestore(replicas(has(9))).write?.record?.loaded, { keys: 9, expired: 1 });
});

test('where one shard does not start all get back what they had', () => {
  const members = withPods({}, { pod: crashed, redis: undefined });
  const { write } = decideRestore(
    several({ shards: 2 }, { record: record({ phase: 'Loading', members: 2 }), members }),
  );
  assert.equal(write?.record?.phase, 'Undoing');
});

test('jobs are done when each is, and one that failed for good decides', () => {
  const jobs = (...seen: JobSeen[]) =>
    seen.map((one, ordinal) => ({ ordinal, pod: undefined, options: undefined, seen: one }));
  const running: JobSeen = { state: 'running' };
  assert.deepEqual(joinJobs(jobs(done, running), true), running);
  assert.deepEqual(joinJobs(jobs(done, { state: 'missing' }), true), { state: 'missing' });
  assert.equal(joinJobs([], true), undefined);
  assert.deepEqual(joinJobs(jobs(running, bad('Busy', true), bad('Corrupt')), true), bad('Corrupt'));
  assert.deepEqual(joinJobs(jobs(done, done), false), done);
  const all = joinJobs(jobs(done, done), true);
  assert.ok(all?.state === 'done');
  assert.deepEqual([all.data?.keys, all.data?.expiringKeys, all.data?.size], [20, 8, 1800]);
  assert.equal(all.data?.sha256, createHash('sha256').update('abab').digest('hex'));
});
