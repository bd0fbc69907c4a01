import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { TestRedis } from '../../../cluster/test-redis.ts';
import { redisPassword } from '../../../contract/credentials.ts';
import { REDIS_PORT } from '../../../contract/names.ts';
import { slotOf } from '../../../dataplane/store/cluster/slot.ts';
import { type BatchOp, type Store, StoreError } from '../../../dataplane/store/port.ts';
import { parseClusterNodes } from '../../../operator/redis/cluster-nodes.ts';
import { connectRedis } from '../../../operator/redis/session.ts';
import { podsWanted, runShard, startShard } from './shard-redis.ts';
import { openShards } from './shard-store.ts';
import {
  createNamespace,
  createStore,
  editStore,
  masterKey,
  reasonOf,
  startCluster,
  startWorld,
  statusWhen,
  until,
} from './world.ts';

const { server } = await startCluster();

/** A store of two shards with keys that is to have three, whose slots are half moved because the operator dies each time. */
async function startHalfMoved(t: TestContext, namespace: string, network: string) {
  const addressOf = (ordinal: number) => `${network}.${10 + ordinal}`;
  const world = await startWorld(t, server);
  await createNamespace(world.client, namespace);
  const { metadata } = await createStore(world, namespace, { shards: 2, memory: '64Mi' });
  await podsWanted(world, namespace, 2);
  const shards: TestRedis[] = [];
  for (const ordinal of [0, 1]) shards.push(await runShard(t, world, namespace, ordinal, addressOf(ordinal)));
  await statusWhen(world, namespace, 'two shards', (status) => status.topology?.members === 2);
  const open = openShards(t, { uid: metadata.uid, addressOf, waitMs: 10_000 });
  const keys = Array.from({ length: 10_000 }, (_, i) => `key:${i}`);
  const write = async (store: Store, some: readonly string[]) => {
    const refused: string[] = [];
    for (let i = 0; i < some.length; i += 100) {
      const part = some.slice(i, i + 100);
      const outcomes = await store.batch(part.map((key): BatchOp => ({ op: 'set', key, value: Buffer.from('1') })));
      refused.push(...part.filter((_, at) => outcomes[at] instanceof StoreError));
    }
    return refused;
  };
  assert.deepEqual(await write(open(2), keys), []);

  async function nodesSeenBy(ordinal: number): Promise<string> {
    const password = redisPassword(masterKey, metadata.uid, 1, 'cluster');
    const session = await connectRedis({ host: addressOf(ordinal), port: REDIS_PORT, password, user: 'cluster' });
    try {
      return String(await session.cluster('NODES'));
    } finally {
      session.close();
    }
  }
  const halfMoved = async () =>
    (await Promise.all([0, 1, 2].map(nodesSeenBy))).flatMap((text) => text.match(/\[\d+-[<>]-\w+\]/g) ?? []);

  // From some slots on it never comes to the end of a move.
  let given = 0;
  world.onCluster = ([word, , how]) => {
    if (word !== 'SETSLOT' || how !== 'NODE') return;
    if (++given > 500) throw new Error('the operator dies here');
  };
  await editStore(world, namespace, { shards: 3 });
  await podsWanted(world, namespace, 3);
  shards.push(await runShard(t, world, namespace, 2, addressOf(2)));
  await until('slots are half moved', async () => given > 500 && (await halfMoved()).length > 0, 60_000);

  /** Lets the operator live; resolves when all that can be moved was. */
  async function goOn(): Promise<void> {
    world.onCluster = undefined;
    const isBalanced = async () => {
      const { members = [] } = await statusWhen(world, namespace, 'is there', () => true);
      return (members[2]?.slots ?? 0) > 5000 && (await halfMoved()).length === 0;
    };
    await until('the third has its part, and nothing is half moved', isBalanced, 120_000);
  }
  /** The shard comes back with an empty volume. */
  async function lose(ordinal: number): Promise<void> {
    await shards[ordinal]?.stop();
    await startShard(t, world, namespace, addressOf(ordinal));
  }
  return { world, shards, keys, open, write, nodesSeenBy, goOn, lose };
}

/** Names of all keys, page by page. */
async function namesIn(store: Store): Promise<Set<string>> {
  const found = new Set<string>();
  let next: string | undefined;
  do {
    const page = await store.scan('*', 1000, next);
    for (const key of page.keys) found.add(key);
    next = page.next;
  } while (next !== undefined);
  return found;
}

test('shards that are restarted while slots are on their way lose no key, and the slots arrive', {
  timeout: 300_000,
}, async (t) => {
  const { shards, keys, open, write, goOn } = await startHalfMoved(t, 'restarted', '127.0.4');
  for (const shard of shards) await shard.restart();
  assert.deepEqual(await namesIn(open(3)), new Set(keys), 'while they are half moved');
  assert.deepEqual(await write(open(3), keys), []);
  await goOn();
  assert.deepEqual(await namesIn(open(3)), new Set(keys));
  assert.equal(await open(3).size(), keys.length);
});

test('a shard that loses its volume while slots go to it leaves none half moved, and gets slots again', {
  timeout: 300_000,
}, async (t) => {
  const { world, keys, open, write, nodesSeenBy, goOn, lose } = await startHalfMoved(t, 'lost', '127.0.3');
  await lose(2);
  const going = goOn();
  going.catch(() => {});
  const status = await statusWhen(world, 'lost', 'it is told', (each) => reasonOf(each, 'Degraded') === 'ShardLost');
  t.diagnostic(status.conditions?.find(({ type }) => type === 'Degraded')?.message ?? '');
  await going;
  // What the lost shard had is nobody's, and the rest is served.
  const owned = (await Promise.all([0, 1, 2].map(nodesSeenBy))).flatMap((text) => parseClusterNodes(text).slots);
  const served = keys.filter((key) => owned.some(([first, last]) => slotOf(key) >= first && slotOf(key) <= last));
  assert.ok(served.length > 0.9 * keys.length && served.length < keys.length, `${served.length} keys are served`);
  assert.deepEqual(await write(open(3), served), []);

  // A scan asks the last shard whether others have joined, and that one knows of the lost one for good.
  await lose(1);
  const left = await until('all others are found', () => namesIn(open(3)), 30_000);
  assert.ok(left.size > 0.5 * keys.length && left.size < served.length, `${left.size} keys are left`);
});
