import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KVStore } from '../../../contract/objects.ts';
import type { KubeClient } from '../../../kube/client.ts';
import {
  createNamespace,
  createStore,
  editStore,
  kvStores,
  settled,
  startCluster,
  startWorld,
  until,
  type World,
  writesIn,
} from './world.ts';

const STORES = 50;
/** ServiceAccount, ConfigMap, Secret, NetworkPolicy, two Services, StatefulSet. */
const CHILDREN = 7;

const { server, client } = await startCluster();

const nameOf = (index: number) => `store-${index}`;

async function createStores(namespace: string): Promise<void> {
  await createNamespace(client, namespace);
  await Promise.all(
    Array.from({ length: STORES }, (_, index) => createStore({ client }, namespace, {}, nameOf(index))),
  );
}

const areReported = (reader: KubeClient, namespace: string) =>
  until(
    'every store has a status',
    async () => {
      const { items } = await reader.list<KVStore>(kvStores, { namespace });
      return items.length === STORES && items.every(({ status }) => status?.observedGeneration !== undefined);
    },
    60_000,
  );

/** Waits until every store was looked at once more. */
async function lookedAtAgain(world: World): Promise<void> {
  const from = world.runs.length;
  await until('every store was looked at again', async () => new Set(world.runs.slice(from)).size === STORES, 60_000);
}

test('many stores at once take each child one write and no read, and then looking again writes nothing', async (t) => {
  const world = await startWorld(t, server);
  const reads: string[] = [];
  const { get } = world.client;
  world.client.get = (resource, key, options) => {
    if (key.namespace === 'many') reads.push(resource.kind);
    return get(resource, key, options) as never;
  };
  await createStores('many');
  await areReported(client, 'many');
  await settled(world);
  const writes = writesIn(world, 'many');
  for (let index = 0; index < STORES; index++) {
    const own = writes.filter(({ object }) => object.split('/')[1]?.match(/^store-\d+/)?.[0] === nameOf(index));
    const applied = own.filter(({ verb }) => verb === 'apply').map(({ object }) => object);
    assert.equal(applied.length, CHILDREN, `${applied}`);
    assert.equal(new Set(applied).size, CHILDREN);
    assert.ok(own.length - CHILDREN <= 2, `the status was written ${own.length - CHILDREN} times`);
  }
  assert.deepEqual(
    new Set(reads),
    new Set(['PersistentVolumeClaim']),
    'only claims that somebody brought are looked for',
  );
  await lookedAtAgain(world);
  assert.equal(writesIn(world, 'many').length, writes.length);
  assert.deepEqual(world.failures, []);
});

test('an operator that starts looks first at what was edited while none ran, and writes that alone', async (t) => {
  const world = await startWorld(t, server);
  await createStores('edited');
  await areReported(client, 'edited');
  await settled(world);
  await world.operator.stop();
  const edited = nameOf(STORES - 1);
  await editStore(world, 'edited', { evictionPolicy: 'allkeys-lru' }, edited);
  world.runs.length = 0;
  world.writes.length = 0;
  await world.restartOperator({ concurrency: 1 });
  await until('every store was looked at', async () => new Set(world.runs).size >= STORES, 60_000);
  assert.equal(world.runs[0], `edited/${edited}`);
  await settled(world);
  const written = new Set(world.writes.map(({ object }) => object));
  assert.deepEqual(written, new Set([`ConfigMap/${edited}-redis`, `StatefulSet/${edited}-redis`, `KVStore/${edited}`]));
});
