import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member } from '../../../../operator/reconcile/observe.ts';
import { reportShards, shardMemory, worstShard } from '../../../../operator/reconcile/shard-report.ts';
import { observed, pod, redis, store } from '../objects.ts';

const shard = (ordinal: number, changes: Partial<Member> = {}): Member => ({
  ordinal,
  pod: pod(undefined, { name: `main-redis-${ordinal}` }),
  claim: undefined,
  redis: redis({ usedMemory: 1000 }, { maxmemory: '5000' }),
  ...changes,
});
const down = { pod: undefined, redis: undefined };
const topology = { mode: 'Sharded' as const, members: 2 };

test('shards are told of when they have joined, and from then on', () => {
  const before = store({ shards: 2 });
  const members = [shard(0), shard(1)];
  assert.equal(reportShards({ store: before, members }, {}).topology, undefined);
  assert.deepEqual(reportShards({ store: before, members }, { joined: 2, slots: [8192, 8192] }), {
    topology,
    members: [0, 1].map((i) => ({ name: `main-redis-${i}`, role: 'Shard', ready: true, node: 'node-1', slots: 8192 })),
  });
  assert.deepEqual(reportShards({ store: store({ shards: 3 }, { topology }), members }, {}).topology, topology);
});

test('a shard that is down keeps the slots that it had', () => {
  const status = { topology, members: [0, 1].map((i) => ({ name: `main-redis-${i}`, ready: true, slots: 8192 })) };
  const { members } = reportShards({ store: store({ shards: 2 }, status), members: [shard(0), shard(1, down)] }, {});
  assert.deepEqual(members?.[1], { name: 'main-redis-1', ready: false, slots: 8192 });
});

test('the memory is that of all shards, or unknown', () => {
  assert.deepEqual(shardMemory({ members: [shard(0), shard(1)] }), { limit: 10_000, used: 2000 });
  assert.equal(shardMemory({ members: [shard(0), shard(1, down)] }), undefined);
});

test('a store is as ready as the worst of the shards that have joined', () => {
  const of = (members: Member[], spec = {}) =>
    worstShard(observed({ store: store({ shards: members.length, ...spec }, { topology }), members, ...members[0] }));
  assert.equal(of([shard(0), shard(1)]).ordinal, 0);
  assert.equal(of([shard(0), shard(1, down)]).ordinal, 1);
  assert.equal(of([shard(0), shard(1), shard(2, down)]).ordinal, 0);
  // While it is being hibernated: one that has not ended yet.
  assert.equal(of([shard(0, down), shard(1)], { enabled: false }).ordinal, 1);
});
