import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../kube/object.ts';
import {
  configMaps,
  networkPolicies,
  persistentVolumeClaims,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../../kube/resources.ts';
import { makePod, setPodStatus, waitingFor } from './players.ts';
import {
  createNamespace,
  createStore,
  editStore,
  kvStores,
  reasonOf,
  settled,
  startCluster,
  startWorld,
  statusWhen,
  until,
  writesIn,
} from './world.ts';

const children = [
  [networkPolicies, 'main-redis'],
  [serviceAccounts, 'main-redis'],
  [configMaps, 'main-redis'],
  [secrets, 'main-redis-acl'],
  [services, 'main-redis'],
  [services, 'main-redis-headless'],
  [statefulSets, 'main-redis'],
] as const;

const { server, client: admin } = await startCluster();

test('a store gets all its children, its endpoint and its project in one reconcile', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'children');
  const { metadata } = await createStore(world, namespace);
  const status = await statusWhen(world, namespace, 'has a status', () => true);
  assert.equal(status.projectId, 'children.main');
  assert.deepEqual(status.endpoint, { host: 'main-redis.children.svc', port: 6379 });
  assert.equal(status.phase, 'Pending');
  for (const [kind, name] of children) {
    const child = await admin.get(kind, { namespace, name });
    assert.ok(child, `${kind.kind} ${name}`);
    assert.equal(child.metadata.ownerReferences?.[0]?.uid, metadata.uid);
  }
  const applied = writesIn(world, namespace)
    .filter(({ verb }) => verb === 'apply')
    .map(({ object }) => object);
  assert.deepEqual(
    [...applied].sort(),
    children.map(([kind, name]) => `${kind.kind}/${name}`).sort(),
    'each applied once',
  );
  assert.equal(applied.at(-1), 'StatefulSet/main-redis', 'what the pod mounts is there before the pod');
});

test('nothing is written while nothing changes, not on resync, nor by a new operator, nor for a label of the user', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'steady');
  await createStore(world, namespace);
  const pod = await makePod(world, namespace);
  await setPodStatus(world, pod, waitingFor('ContainerCreating', ''));
  await statusWhen(world, namespace, 'has a status', () => true);
  await settled(world);
  const before = writesIn(world, namespace).length;
  await new Promise((resolve) => setTimeout(resolve, 7_000)); // a resync, and the looks at a pod that starts
  await world.restartOperator();
  await admin.patch(
    kvStores,
    { namespace, name: 'main' },
    { metadata: { labels: { team: 'a' }, annotations: { note: 'x' } } },
    { type: 'merge' },
  );
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  assert.deepEqual(writesIn(world, namespace).slice(before), []);
  assert.deepEqual(world.failures, []);
});

test('the count of writes sees one', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'counted');
  await createStore(world, namespace);
  await statusWhen(world, namespace, 'has a status', () => true);
  await settled(world);
  const before = writesIn(world, namespace).length;
  await editStore(world, namespace, { memory: '64Mi' });
  await until('a write', async () => writesIn(world, namespace).length > before);
});

const drifts: [string, (typeof children)[number], KubeObject['metadata'] | Record<string, unknown>][] = [
  [
    'a port of the Service',
    children[4],
    { spec: { ports: [{ port: 6379, targetPort: 1, protocol: 'TCP', name: 'redis' }] } },
  ],
  ['the text of redis.conf', children[2], { data: { 'redis.conf': 'maxmemory 1' } }],
  [
    'the users',
    children[3],
    { data: { 'users.acl': Buffer.from('user default on nopass ~* +@all').toString('base64') } },
  ],
  ['the rules of the NetworkPolicy', children[0], { spec: { ingress: [{}] } }],
  ['the token of the ServiceAccount', children[1], { automountServiceAccountToken: true }],
  ['the replicas', children[6], { spec: { replicas: 3 } }],
  ['the image', children[6], { spec: { template: { spec: { containers: [{ name: 'redis', image: 'evil' }] } } } }],
  ['the label by which it is found', children[2], { metadata: { labels: { 'app.kubernetes.io/managed-by': 'me' } } }],
];

test('drift of every kind of child is corrected', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'drift');
  await createStore(world, namespace);
  await statusWhen(world, namespace, 'has a status', () => true);
  await settled(world);
  for (const [what, [kind, name], patch] of drifts) {
    const key = { namespace, name };
    const good = await admin.get(kind, key);
    const type = kind === statefulSets ? 'strategic' : 'merge';
    const bad = await admin.patch(kind, key, patch, { type });
    assert.notDeepEqual(pick(bad), pick(good), `${what} did change`);
    await until(`${what} is corrected`, async () => {
      const now = await admin.get(kind, key);
      return now && JSON.stringify(pick(now)) === JSON.stringify(pick(good));
    });
  }
  for (const [kind, name] of children) {
    const { uid } = (await admin.get(kind, { namespace, name }))?.metadata ?? {};
    await admin.delete(kind, { namespace, name }, { propagationPolicy: 'Background' });
    await until(`${kind.kind} ${name} is made anew`, async () => {
      const now = await admin.get(kind, { namespace, name });
      return now && now.metadata.uid !== uid;
    });
  }
});

/** What of a child the operator says. */
function pick(child: KubeObject | undefined): unknown {
  const { spec, data, automountServiceAccountToken, metadata } = child ?? ({} as KubeObject);
  return { spec, data, automountServiceAccountToken, labels: metadata?.labels };
}

test("a foreign object of a child's name is never touched, and the store starts when it is gone", async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'foreign');
  const key = { namespace, name: 'main-redis' };
  const foreign = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { mine: 'yes' } };
  const mine = await admin.create<KubeObject>(configMaps, foreign);
  await createStore(world, namespace);
  const status = await statusWhen(world, namespace, 'reports', (s) => reasonOf(s, 'Degraded') === 'ResourceConflict');
  assert.match(
    JSON.stringify(status.conditions),
    /ConfigMap main-redis exists and does not belong to this KVStore.*delete or rename it/,
  );
  assert.equal((await admin.get(configMaps, key))?.metadata.resourceVersion, mine.metadata.resourceVersion);
  assert.equal(await admin.get(statefulSets, key), undefined, 'no pod starts beside a foreign configuration');
  await settled(world);
  await admin.delete(configMaps, key);
  await statusWhen(world, namespace, 'recovers', (s) => reasonOf(s, 'Degraded', 'False'));
  assert.ok(await admin.get(statefulSets, key));
});

test('the claim of a foreign StatefulSet is not touched either', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'foreign-claim');
  const labels = { app: 'theirs' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a' }] } };
  await admin.create<KubeObject>(statefulSets, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { namespace, name: 'main-redis' },
    spec: { serviceName: 'theirs', selector: { matchLabels: labels }, template },
  });
  const claim = await admin.create<KubeObject>(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace, name: 'data-main-redis-0', labels },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } },
  });
  await createStore(world, namespace);
  await statusWhen(world, namespace, 'reports', (s) => reasonOf(s, 'Degraded') === 'ResourceConflict');
  await settled(world);
  const now = await admin.get(persistentVolumeClaims, { namespace, name: 'data-main-redis-0' });
  assert.equal(now?.metadata.resourceVersion, claim.metadata.resourceVersion);
});

test('what was taken over is read from spec anew where somebody wrote over it', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'overwritten');
  const key = { namespace, name: 'main-redis' };
  const accepted = async () => (await admin.get(statefulSets, key))?.metadata.annotations?.['cubby.dev/accepted'];
  await createStore(world, namespace, { config: { hz: '20' } });
  const good = await until('the StatefulSet is there', accepted);
  for (const text of ['{}', 'null', 'no JSON']) {
    const annotations = { 'cubby.dev/accepted': text };
    await admin.patch(statefulSets, key, { metadata: { annotations } }, { type: 'merge' });
    await until(`${text} is mended`, async () => (await accepted()) === good);
  }
  const status = await statusWhen(world, namespace, 'reports', () => true);
  assert.equal(reasonOf(status, 'SpecAccepted'), 'Accepted');
  assert.deepEqual(world.failures, []);
});
