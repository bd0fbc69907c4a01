import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { startApiServer, type TestApiServer } from '../../../cluster/test-apiserver.ts';
import { applyAll } from '../../../kube/apply.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { connect } from '../../../kube/config.ts';
import { isConflict, isInvalid, KubeError } from '../../../kube/errors.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { configMaps, namespaces, resourceOf, secrets, statefulSets } from '../../../kube/resources.ts';
import { type ApiProxy, startProxy } from '../../chaos/proxy.ts';

let server: TestApiServer;
let proxy: ApiProxy;
let client: KubeClient;
let namespace: string;
let owner: KubeObject;
let tests = 0;

before(async () => {
  server = await startApiServer();
  proxy = await startProxy(server.kubeconfig);
  client = connect({ kubeconfig: proxy.kubeconfig, userAgent: 'test', timeoutMs: 5000 });
});

beforeEach(async () => {
  namespace = `test-${++tests}`;
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  owner = await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('owner') });
});

after(async () => {
  client?.close();
  proxy?.close();
  await server?.stop();
});

const meta = (name: string) => ({ name, namespace, labels: { app: 'redis' } });
const configMap = (name: string, data: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: meta(name),
  data,
});

/** One of each kind that a controller of a small database makes, with what the server rewrites or adds to. */
function workload(): KubeObject[] {
  const selector = { matchLabels: { app: 'redis' } };
  const container = {
    name: 'redis',
    image: 'redis:8.0',
    args: ['/etc/redis/redis.conf'],
    ports: [{ name: 'redis', containerPort: 6379 }],
    env: [{ name: 'A', value: '1' }],
    resources: { requests: { cpu: '0.05', memory: '131072Ki' }, limits: { memory: '0.5Gi' } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    readinessProbe: { exec: { command: ['true'] }, periodSeconds: 2 },
    securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  };
  const spec = {
    containers: [container],
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    automountServiceAccountToken: false,
    volumes: [{ name: 'tmp', emptyDir: {} }],
  };
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } },
  };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta('s'), automountServiceAccountToken: false },
    configMap('c', { 'redis.conf': 'maxmemory 1gb\n' }),
    { apiVersion: 'v1', kind: 'Secret', metadata: meta('x'), type: 'Opaque', data: { 'users.acl': 'dXNlcg==' } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta('v'),
      spec: { selector: { app: 'redis' }, ports: [{ name: 'redis', port: 6379 }], publishNotReadyAddresses: true },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: meta('n'),
      spec: { podSelector: selector, policyTypes: ['Ingress', 'Egress'], ingress: [{ ports: [{ port: 6379 }] }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: meta('w'),
      spec: {
        replicas: 1,
        serviceName: 'v',
        selector,
        template: { metadata: { labels: { app: 'redis' } }, spec },
        updateStrategy: { type: 'OnDelete' },
        volumeClaimTemplates: [claim],
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      },
    },
  ];
}

async function readLive(objects: KubeObject[]): Promise<(object: KubeObject) => KubeObject | undefined> {
  const found = new Map<KubeObject, KubeObject | undefined>();
  for (const object of objects) found.set(object, await client.get(resourceOf(object), { ...object.metadata }));
  return (object) => found.get(object);
}

const options = () => ({ fieldManager: 'tester', owner });

async function applyLive(objects: KubeObject[]): Promise<string[]> {
  const live = await readLive(objects);
  proxy.exchanges.length = 0;
  return (await applyAll(client, objects, live, options())).map(({ action }) => action);
}

test('every kind of a workload is created once, and then is unchanged without a single request', async () => {
  const objects = workload();
  assert.deepEqual(
    await applyLive(objects),
    objects.map(() => 'created'),
  );
  assert.equal(proxy.exchanges.length, 2 * objects.length);
  const again = workload();
  const actions = await applyLive(again);
  const changed = again.filter((_, i) => actions[i] !== 'unchanged').map(({ kind }) => kind);
  assert.deepEqual(changed, []);
  assert.deepEqual(proxy.exchanges, []);
});

test('what somebody changed is set back, what the desired object dropped goes, what others added stays', async () => {
  await applyLive([configMap('c', { ours: '1', dropped: '1' })]);
  const theirs = { data: { ours: 'changed', theirs: '1' } };
  await client.patch(configMaps, { namespace, name: 'c' }, theirs, { type: 'merge', fieldManager: 'somebody' });
  const desired = [configMap('c', { ours: '1' })];
  assert.deepEqual(await applyLive(desired), ['configured']);
  const now = await client.get(configMaps, { namespace, name: 'c' });
  assert.deepEqual(now?.data, { ours: '1', theirs: '1' });
  assert.deepEqual(await applyLive(desired), ['unchanged']);
  assert.deepEqual(proxy.exchanges, []);
});

test("another manager's field is a conflict when not forced", async () => {
  await client.create(configMaps, configMap('c', { a: 'theirs' }), { fieldManager: 'somebody' });
  const apply = client.apply(configMaps, configMap('c', { a: 'ours' }), { fieldManager: 'tester' });
  await assert.rejects(apply, (error) => isConflict(error) && /somebody/.test(String(error)));
});

test('an object of another owner, or of none, is never touched, whether the cache shows it or not', async () => {
  const before = await client.create(configMaps, configMap('c', { a: 'theirs' }));
  const desired = [configMap('c', { a: 'ours' })];
  assert.deepEqual(await applyLive(desired), ['conflict']);
  const [unseen] = await applyAll(client, desired, () => undefined, options());
  assert.equal(unseen?.action, 'conflict');
  const now = await client.get(configMaps, { namespace, name: 'c' });
  assert.equal(now?.metadata.resourceVersion, before.metadata.resourceVersion);
});

test('what is expected to be absent takes one request, and is left alone where it is not', async () => {
  const expecting = { ...options(), expectAbsent: true };
  const nothing = () => undefined;
  const objects = [...workload(), configMap('d', { ours: '1', dropped: '1' })];
  proxy.exchanges.length = 0;
  const created = await applyAll(client, objects, nothing, expecting);
  assert.deepEqual(new Set(created.map(({ action }) => action)), new Set(['created']));
  assert.equal(proxy.exchanges.length, objects.length);
  const again = await applyAll(client, objects, nothing, expecting);
  assert.deepEqual(new Set(again.map(({ action }) => action)), new Set(['unchanged']));
  assert.deepEqual(await applyLive([configMap('d', { ours: '1' })]), ['configured']);
  assert.deepEqual((await client.get(configMaps, { namespace, name: 'd' }))?.data, { ours: '1' });
  const foreign = await client.create(configMaps, configMap('f', { a: 'theirs' }));
  const [unseen] = await applyAll(client, [configMap('f', { a: 'ours' })], nothing, expecting);
  assert.equal(unseen?.action, 'conflict');
  const now = await client.get(configMaps, { namespace, name: 'f' });
  assert.equal(now?.metadata.resourceVersion, foreign.metadata.resourceVersion);
});

test('a successor that somebody made since the cache saw our object is not overwritten', async () => {
  const desired = [configMap('c', { a: 'ours' })];
  await applyLive(desired);
  const stale = await readLive(desired);
  await client.delete(configMaps, { namespace, name: 'c' });
  const changed = configMap('c', { a: 'new' });
  const live = () => stale(desired[0] as KubeObject);
  await assert.rejects(applyAll(client, [changed], live, options()), isConflict);
  await client.create(configMaps, configMap('c', { a: 'theirs' }));
  await assert.rejects(applyAll(client, [changed], live, options()), isConflict);
  const now = await client.get(configMaps, { namespace, name: 'c' });
  assert.deepEqual(now?.data, { a: 'theirs' });
});

test('a change that the server refuses is an invalid object, with the field', async () => {
  const set = workload().at(-1) as KubeObject;
  await applyLive([set]);
  const renamed = { ...set, spec: { ...(set.spec as object), serviceName: 'elsewhere' } };
  await assert.rejects(applyLive([renamed]), (error) => isInvalid(error) && error.fields[0] === 'spec');
  assert.ok(await client.get(statefulSets, { namespace, name: 'w' }));
});

test("a Secret's values stay out of the error that refuses it", async () => {
  const secret = (data: object) => ({ apiVersion: 'v1', kind: 'Secret', metadata: meta('x'), ...data });
  const bodies = [{ data: { 'bad key!': 'aHVzaA==' } }, { data: { a: 'hush-hush' } }, { stringData: { a: ['hush'] } }];
  for (const body of bodies) {
    for (const write of [
      () => client.create(secrets, secret(body)),
      () => client.apply(secrets, secret(body), { fieldManager: 'tester' }),
    ]) {
      const error = await write().then(
        () => assert.fail('accepted'),
        (reason) => reason,
      );
      assert.ok(error instanceof KubeError);
      assert.doesNotMatch(`${error.message} ${error.stack} ${JSON.stringify(error)}`, /hush|aHVza/);
      assert.match(error.message, /^Secret/);
    }
  }
});
