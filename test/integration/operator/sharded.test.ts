import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KVStore } from '../../../contract/objects.ts';
import type { BatchOp, Store } from '../../../dataplane/store/port.ts';
import { podsWanted, runShard } from './shard-redis.ts';
import { openShards } from './shard-store.ts';
import {
  createNamespace,
  createStore,
  editStore,
  reasonOf,
  settled,
  startCluster,
  startWorld,
  statusWhen,
  until,
  writesIn,
} from './world.ts';

const { server } = await startCluster();
const SLOTS = 16_384;
/** Each shard has an address of its own, as a pod has, so that all of them can have Redis' port. */
const addressOf = (ordinal: number) => `127.0.1.${10 + ordinal}`;

const slotsOf = ({ members = [] }: NonNullable<KVStore['status']>) => members.map(({ slots = 0 }) => slots);
const isWhole = (status: NonNullable<KVStore['status']>, shards: number) => {
  const slots = slotsOf(status);
  const part = Math.floor(SLOTS / shards);
  return slots.length === shards && slots.every((count) => count >= part) && reasonOf(status, 'Ready') === 'Serving';
};

test('shards become one cluster, and grow under load wherever the operator is broken off', {
  timeout: 500_000,
}, async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(world.client, 'sharded');
  const { metadata } = await createStore(world, namespace, { shards: 4, memory: '64Mi' });
  await podsWanted(world, namespace, 4);
  // Nothing may be told of shards that have not joined: clients would ask them.
  await runShard(t, world, namespace, 0, addressOf(0));
  for (const ordinal of [1, 2]) await runShard(t, world, namespace, ordinal, addressOf(ordinal));
  const waiting = await statusWhen(
    world,
    namespace,
    'waits for a shard',
    (status) => reasonOf(status, 'Progressing') === 'JoiningShards',
  );
  assert.equal(waiting.topology, undefined);
  await runShard(t, world, namespace, 3, addressOf(3));
  const joined = await statusWhen(world, namespace, 'four shards', (status) => isWhole(status, 4));
  assert.deepEqual(joined.topology, { mode: 'Sharded', members: 4 });
  await settled(world);
  const before = writesIn(world, namespace).length;
  await sleep(3000);
  assert.equal(writesIn(world, namespace).length, before, 'nothing is written while nothing changes');

  const openAt = openShards(t, { uid: metadata.uid, addressOf, waitMs: 20_000 });
  let shards = 4;
  const open = (): Store => openAt(shards);
  const keys = Array.from({ length: 2000 }, (_, i) => `key:${i}`);
  for (let i = 0; i < keys.length; i += 200) {
    const ops = keys.slice(i, i + 200).map((key): BatchOp => ({ op: 'set', key, value: Buffer.from(key) }));
    assert.ok((await open().batch(ops)).every((outcome) => !(outcome instanceof Error)));
  }

  let over = false;
  let increments = 0;
  let scans = 0;
  const count = async (worker: number) => {
    for (let n = 0; !over; n++) {
      await open().increment(`counter:${worker}:${n % 50}`, 1);
      increments++;
      assert.equal(String((await open().get(keys[n % keys.length] ?? ''))?.value), keys[n % keys.length]);
    }
  };
  const look = async () => {
    while (!over) {
      const seen = new Set<string>();
      let next: string | undefined;
      do {
        const page = await open().scan('key:*', 100, next);
        for (const key of page.keys) seen.add(key);
        next = page.next;
        await sleep(5);
      } while (next !== undefined);
      assert.equal(seen.size, keys.length);
      scans++;
    }
  };
  const work = Promise.all([count(0), count(1), look()]);
  work.catch(() => {
    over = true;
  });

  // It dies, as it were, at any command: what it was about to send is not sent, and the next reconcile finds what is.
  let sent = 0;
  let deaths = 0;
  world.onCluster = ([word]) => {
    if (word === 'NODES' || deaths === 5 || ++sent % 499 !== 0) return;
    deaths++;
    throw new Error('the operator dies here');
  };
  try {
    await editStore(world, namespace, { shards: 5 });
    await podsWanted(world, namespace, 5);
    await runShard(t, world, namespace, 4, addressOf(4));
    const told = await statusWhen(world, namespace, 'clients know five', ({ topology }) => topology?.members === 5);
    assert.ok(
      slotsOf(told).every((slots) => slots === 0 || slots > SLOTS / 5),
      'clients are told before slots move',
    );
    await sleep(200);
    shards = 5;
    await world.restartOperator();
    const grown = await until(
      'five shards',
      () => statusWhen(world, namespace, 'balance', (each) => isWhole(each, 5)),
      300_000,
    );
    assert.equal(
      slotsOf(grown).reduce((sum, slots) => sum + slots),
      SLOTS,
    );
  } catch (error) {
    over = true;
    await work.catch(() => {}); // it may well fail for the same reason
    throw error;
  }
  over = true;
  world.onCluster = undefined;
  await work;
  t.diagnostic(`${increments} increments, ${scans} scans, ${deaths} deaths`);
  assert.ok(increments > 500 && scans > 3 && deaths > 3, `${increments} increments, ${scans} scans, ${deaths} deaths`);
  let sum = 0;
  for (const worker of [0, 1]) {
    for (let n = 0; n < 50; n++) sum += Number((await open().get(`counter:${worker}:${n}`))?.value ?? 0);
  }
  assert.equal(sum, increments);
  for (const key of keys) assert.equal(String((await open().get(key))?.value), key);
  assert.equal(await open().size(), keys.length + 100);
});
