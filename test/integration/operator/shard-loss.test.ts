import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KVStore } from '../../../contract/objects.ts';
import { podsWanted, runShard, startShard } from './shard-redis.ts';
import { openShards } from './shard-store.ts';
import { createNamespace, createStore, kvStores, startCluster, startWorld, statusWhen, until } from './world.ts';

const { server, client } = await startCluster();
const SHARDS = 3;
const KEYS = Array.from({ length: 300 }, (_, i) => `key:${i}`);
const addressOf = (ordinal: number) => `127.0.6.${10 + ordinal}`;

const annotationOf = ({ conditions = [] }: NonNullable<KVStore['status']>) =>
  /cubby\.dev\/accept-loss: "([0-9a-f,]+)"/.exec(
    conditions.find(({ reason }) => reason === 'ShardLost')?.message ?? '',
  )?.[1];

test('a lost shard stays lost until that is accepted; then its slots serve again, and a later loss is another', {
  timeout: 300_000,
}, async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(world.client, 'loss');
  const { metadata } = await createStore(world, namespace, { shards: SHARDS, memory: '64Mi' });
  await podsWanted(world, namespace, SHARDS);
  const starting = Array.from({ length: SHARDS }, (_, i) => runShard(t, world, namespace, i, addressOf(i)));
  const shards = await Promise.all(starting);
  await statusWhen(world, namespace, 'all have joined', (status) => status.topology?.members === SHARDS);
  const store = openShards(t, { uid: metadata.uid, addressOf, waitMs: 2000 })(SHARDS);
  const writeAll = () => Promise.all(KEYS.map((key) => store.set(key, Buffer.from('1'))));
  const accept = (loss: string) =>
    client.patch(
      kvStores,
      { namespace, name: 'main' },
      { metadata: { annotations: { 'cubby.dev/accept-loss': loss } } },
      { type: 'merge' },
    );
  const lose = async (ordinal: number) => {
    await shards[ordinal]?.stop();
    shards[ordinal] = await startShard(t, world, namespace, addressOf(ordinal));
    const status = await statusWhen(world, namespace, 'it is told', (each) => annotationOf(each) !== undefined);
    return annotationOf(status) as string;
  };
  const serves = () =>
    statusWhen(
      world,
      namespace,
      'all slots serve',
      (status) =>
        annotationOf(status) === undefined && status.members?.reduce((sum, { slots = 0 }) => sum + slots, 0) === 16_384,
    );
  await writeAll();

  const first = await lose(1);
  await assert.rejects(writeAll(), { failure: 'unavailable' });
  await accept('00000000');
  await assert.rejects(writeAll(), { failure: 'unavailable' }, 'another loss is not this one');
  await accept(first);
  await serves();
  const left = await store.size();
  assert.ok(left > 0.5 * KEYS.length && left < KEYS.length, `${left} keys are left`);
  await until('every key can be written', () => writeAll().then(() => true), 30_000);
  assert.equal(await store.size(), KEYS.length);

  // The annotation stands, and means the first loss alone.
  const second = await lose(2);
  assert.notEqual(second, first);
  await assert.rejects(writeAll(), { failure: 'unavailable' });
  await accept(second);
  await serves();
  await until('every key can be written once more', () => writeAll().then(() => true), 30_000);
});
