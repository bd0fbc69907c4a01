import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { API_VERSION } from '../../../contract/objects.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { services, statefulSets } from '../../../kube/resources.ts';
import {
  createNamespace,
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
  type World,
  writesIn,
} from './world.ts';

const { server, client: admin } = await startCluster();
const ledger = { version: '8.0', memory: '64Mi', size: '1Gi' };
const [gold, eu] = ['tier=gold', 'region in (eu, ch)'];

/** An operator for each of two shards, and one for the rest. */
async function startShards(t: TestContext): Promise<Record<'gold' | 'eu' | 'rest', World>> {
  const [first, second, rest] = await Promise.all([
    startWorld(t, server, { ledger, shard: { name: 'gold', selector: gold } }),
    startWorld(t, server, { ledger, shard: { name: 'eu', selector: eu }, except: [gold] }),
    startWorld(t, server, { ledger, except: [gold, eu] }),
  ]);
  return { gold: first, eu: second, rest };
}

async function createLabelled(
  namespace: string,
  name: string,
  labels: Record<string, string>,
  spec: object = {},
): Promise<void> {
  const metadata = { namespace, name, labels };
  const store = {
    apiVersion: API_VERSION,
    kind: 'KVStore',
    metadata,
    spec: { version: '8.0', memory: '32Mi', ...spec },
  };
  await admin.create(kvStores, store as unknown as KubeObject);
}

const made = (namespace: string, store: string) =>
  until(`${namespace}/${store} has its StatefulSet`, () =>
    admin.get(statefulSets, { namespace, name: `${store}-redis` }),
  );
const accepted = (namespace: string, name: string) =>
  until(`the token ${namespace}/${name} has its hash`, async () => {
    const token = await admin.get(kvTokens, { namespace, name });
    return /"hashes":\["/.test(JSON.stringify(token?.status));
  });

/** Which of the operators wrote in the namespace. */
const writers = (worlds: Record<string, World>, namespace: string) =>
  Object.keys(worlds).filter((shard) => writesIn(worlds[shard] as World, namespace).length > 0);

const allSettled = (worlds: Record<string, World>) => Promise.all(Object.values(worlds).map((world) => settled(world)));

test('each store and its tokens are written by one operator alone, and counted by that one', async (t) => {
  const worlds = await startShards(t);
  const labels = { gold: { tier: 'gold' }, eu: { region: 'ch' }, rest: { tier: 'free' } };
  for (const [shard, its] of Object.entries(labels)) {
    const namespace = await createNamespace(admin, `one-${shard}`);
    await createLabelled(namespace, 'main', its);
    await createToken(worlds.rest, namespace);
    await made(namespace, 'main');
    await accepted(namespace, 'web');
  }
  await createNamespace(admin, 'one-both');
  await createLabelled('one-both', 'main', { ...labels.gold, ...labels.eu });
  await made('one-both', 'main');
  await allSettled(worlds);
  const found = [...Object.keys(labels), 'both'].map((shard) => writers(worlds, `one-${shard}`));
  assert.deepEqual(found, [['gold'], ['eu'], ['rest'], ['gold']]);
  const counted = Object.values(worlds).map(({ operator }) => operator.ownStores().length);
  assert.deepEqual(counted, [2, 1, 2], 'the ledger is of the rest');
  assert.deepEqual(
    Object.values(worlds).flatMap(({ failures }) => failures),
    [],
  );
});

test("the ledger and the master key are the rest's work", async (t) => {
  const worlds = await startShards(t);
  await statusWhen(worlds.rest, SYSTEM_NAMESPACE, 'holds its project', (s) => s.projectId === 'cubby-ledger', 'ledger');
  await admin.delete(kvStores, { namespace: SYSTEM_NAMESPACE, name: 'ledger' });
  await until('the ledger is made anew', async () =>
    writesIn(worlds.rest, SYSTEM_NAMESPACE).some(({ verb, object }) => verb === 'apply' && object === 'KVStore/ledger'),
  );
  await allSettled(worlds);
  assert.deepEqual(writers(worlds, SYSTEM_NAMESPACE), ['rest']);
  for (const shard of ['gold', 'eu'] as const)
    for (const queue of ['ledger', 'masterKey'] as const)
      assert.deepEqual(worlds[shard].operator.queues[queue].counts(), { ready: 0, running: 0, delayed: 0 });
  assert.equal(worlds.rest.operator.queues.masterKey.counts().delayed, 1);
});

test('an edit of its label moves a store with its tokens, there and back', async (t) => {
  const worlds = await startShards(t);
  const namespace = await createNamespace(admin, 'mover');
  const key = { namespace, name: 'main' };
  await createLabelled(namespace, 'main', {});
  await createToken(worlds.rest, namespace);
  await made(namespace, 'main');
  await accepted(namespace, 'web');
  await allSettled(worlds);
  assert.deepEqual(writers(worlds, namespace), ['rest']);
  for (const [shard, tier] of [['gold', 'gold'] as const, ['rest', null] as const]) {
    for (const world of Object.values(worlds)) world.runs.length = 0;
    await admin.patch(kvStores, key, { metadata: { labels: { tier } } }, { type: 'merge' });
    await until(`${shard} looks at it`, async () => worlds[shard].runs.includes('mover/main'));
    await allSettled(worlds);
    for (const world of Object.values(worlds)) world.writes.length = 0;
    await editStore(worlds.rest, namespace, { evictionPolicy: shard === 'gold' ? 'allkeys-lru' : 'noeviction' });
    await admin.delete(services, { namespace, name: 'main-redis' });
    await until('the Service is back', () => admin.get(services, { namespace, name: 'main-redis' }));
    const expiresAt = shard === 'gold' ? '2090-01-01T00:00:00Z' : null;
    const edited = await admin.patch(kvTokens, { namespace, name: 'web' }, { spec: { expiresAt } }, { type: 'merge' });
    await until('the token has been looked at', async () => {
      const token = (await admin.get(kvTokens, { namespace, name: 'web' })) as {
        status?: { observedGeneration: number };
      };
      return token.status?.observedGeneration === edited.metadata.generation;
    });
    await allSettled(worlds);
    assert.deepEqual(writers(worlds, namespace), [shard]);
  }
});

test('a project that a store of another shard holds is refused, and given when that one goes', async (t) => {
  const worlds = await startShards(t);
  const namespace = await createNamespace(admin, 'rivals');
  await createLabelled(namespace, 'older', { tier: 'gold' }, { projectId: 'wanted' });
  await statusWhen(worlds.gold, namespace, 'holds it', (s) => s.projectId === 'wanted', 'older');
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // ages are to the second
  await createLabelled(namespace, 'newer', { region: 'eu' }, { projectId: 'wanted' });
  const refused = (s: { conditions?: never[] }) => reasonOf(s, 'Ready', 'False') === 'ProjectIdConflict';
  await statusWhen(worlds.eu, namespace, 'is refused', (s) => refused(s as never), 'newer');
  await admin.delete(kvStores, { namespace, name: 'older' });
  await statusWhen(worlds.eu, namespace, 'holds it now', (s) => s.projectId === 'wanted', 'newer');
  assert.deepEqual(writers(worlds, namespace), ['gold', 'eu']);
});
