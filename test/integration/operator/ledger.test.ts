import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KVStore } from '../../../contract/objects.ts';
import { statefulSets } from '../../../kube/resources.ts';
import {
  createNamespace,
  createStore,
  createToken,
  editStore,
  kvStores,
  kvTokens,
  reasonOf,
  SYSTEM_NAMESPACE,
  settled,
  startCluster,
  startWorld,
  statusWhen,
  until,
  writesIn,
} from './world.ts';

const { server, client: admin } = await startCluster();
const ledger = { version: '8.0', memory: '64Mi', size: '1Gi' };
const key = { namespace: SYSTEM_NAMESPACE, name: 'ledger' };
const read = async () => (await admin.get(kvStores, key)) as unknown as KVStore | undefined;

// The tests follow one ledger through its life, in order.

test('a tenant that claims the project of the ledger first is refused, and does not keep the ledger from it', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'thief');
  await createStore(world, namespace, { projectId: 'cubby-ledger' }, 'ledger');
  await createToken(world, namespace, { storeRef: { name: 'ledger' } });
  const status = await statusWhen(
    world,
    namespace,
    'is refused',
    (s) => reasonOf(s, 'Ready', 'False') === 'ProjectIdReserved',
    'ledger',
  );
  assert.equal(status.projectId, undefined);
  assert.equal(await admin.get(statefulSets, { namespace, name: 'ledger-redis' }), undefined);
  await until('the token is not ready', async () => {
    const token = await admin.get(kvTokens, { namespace, name: 'web' });
    return /ProjectIdReserved/.test(JSON.stringify(token?.status));
  });
  assert.equal(await read(), undefined, 'without the configuration there is no ledger');
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // ages are to the second
  await world.restartOperator({ ledger });
  await statusWhen(world, SYSTEM_NAMESPACE, 'holds its project', (s) => s.projectId === 'cubby-ledger', 'ledger');
});

test('the ledger is a store that evicts nothing, keeps its data and has its own Redis', async (t) => {
  const world = await startWorld(t, server, { ledger });
  const found = await until('the ledger', read);
  const { projectId, version, memory, evictionPolicy, deletionPolicy, enabled, persistence } = found.spec;
  assert.deepEqual(
    { projectId, version, memory, evictionPolicy, deletionPolicy, enabled, persistence },
    {
      projectId: 'cubby-ledger',
      version: '8.0',
      memory: '64Mi',
      evictionPolicy: 'noeviction',
      deletionPolicy: 'Retain',
      enabled: true,
      persistence: { mode: 'aof', fsync: 'always', size: '1Gi' },
    },
  );
  await until('its StatefulSet', () => admin.get(statefulSets, { ...key, name: 'ledger-redis' }));
  await settled(world);
  const before = writesIn(world, SYSTEM_NAMESPACE).length;
  await new Promise((resolve) => setTimeout(resolve, 2_500)); // two looks without a cause
  assert.deepEqual(writesIn(world, SYSTEM_NAMESPACE).slice(before), [], 'at rest nothing is written');
});

test('a changed ledger is put right, what the configuration does not say stays, and a deleted one comes back', async (t) => {
  const world = await startWorld(t, server, { ledger, resyncSeconds: 3600 });
  const resources = { cpu: { request: '50m' } };
  await editStore(world, SYSTEM_NAMESPACE, { memory: '32Mi', evictionPolicy: 'allkeys-lru', resources }, 'ledger');
  const right = await until('it is put right', async () => {
    const store = await read();
    return store?.spec.memory === '64Mi' && store.spec.evictionPolicy === 'noeviction' && store;
  });
  assert.deepEqual(right.spec.resources, resources);
  await admin.delete(kvStores, key);
  const again = await until('it is back', async () => {
    const store = await read();
    return store?.metadata.uid !== right.metadata.uid && store;
  });
  assert.equal(again.spec.projectId, 'cubby-ledger');
});

test('a changed configuration changes the ledger, and one that cannot be had is told of and not tried again', async (t) => {
  const world = await startWorld(t, server, { ledger: { ...ledger, memory: '96Mi', size: '2Gi' } });
  await until('it is larger', async () => (await read())?.spec.memory === '96Mi');
  await settled(world);
  await world.restartOperator({ ledger, resyncSeconds: 3600 }); // a volume does not shrink
  const event = await until('an Event', async () => world.events.find(({ reason }) => reason === 'LedgerRefused'));
  assert.equal(event.about, 'KVStore/ledger');
  assert.match(event.message, /spec.persistence.size cannot shrink/);
  const tries = () => world.writes.filter(({ verb, object }) => verb === 'apply' && object === 'KVStore/ledger').length;
  const before = tries();
  await settled(world, 3_000);
  assert.equal(tries(), before);
});
