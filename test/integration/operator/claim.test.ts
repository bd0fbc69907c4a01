import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { KubeObject } from '../../../kube/object.ts';
import { configMaps, persistentVolumeClaims, resource, storageClasses } from '../../../kube/resources.ts';
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

const { server, client: admin } = await startCluster();
before(async () => {
  for (const [name, allowVolumeExpansion] of [
    ['elastic', true],
    ['rigid', false],
  ] as const) {
    const metadata = { name };
    const type = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' };
    await admin.create<KubeObject>(storageClasses, { ...type, metadata, provisioner: 'test', allowVolumeExpansion });
  }
});

const resourceQuotas = resource('v1', 'ResourceQuota', 'resourcequotas');
const key = (namespace: string) => ({ namespace, name: 'data-main-redis-0' });
const sizeOf = async (namespace: string) => {
  const claim = await admin.get<KubeObject & { spec: { resources: { requests: { storage: string } } } }>(
    persistentVolumeClaims,
    key(namespace),
  );
  return claim?.spec.resources.requests.storage;
};

/** Plays StatefulSet controller and provisioner: the claim is there and has a volume of 1Gi. */
async function provide(namespace: string, storageClassName: string): Promise<void> {
  const labels = { 'app.kubernetes.io/managed-by': 'cubby', 'cubby.dev/store': 'main' };
  const resources = { requests: { storage: '1Gi' } };
  const spec = { storageClassName, accessModes: ['ReadWriteOnce'], volumeName: `pv-${namespace}`, resources };
  const metadata = { ...key(namespace), labels };
  const type = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
  await admin.create<KubeObject>(persistentVolumeClaims, { ...type, metadata, spec });
  await setCapacity(namespace, '1Gi');
}

const setCapacity = (namespace: string, storage: string) =>
  admin.patch(
    persistentVolumeClaims,
    key(namespace),
    { status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage } } },
    { type: 'merge', subresource: 'status' },
  );

const persistence = (storageClassName: string, size: string) => ({ persistence: { storageClassName, size } });

test('a volume grows through its claim, and the growth is told until it is done', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'elastic');
  await createStore(world, namespace, persistence('elastic', '1Gi'));
  await provide(namespace, 'elastic');
  await editStore(world, namespace, persistence('elastic', '2Gi'));
  await until('the claim asks for more', async () => (await sizeOf(namespace)) === '2Gi');
  const growing = (status: { conditions?: { message: string }[] }) =>
    status.conditions?.some(({ message }) => message.includes('the volume grows from 1Gi to 2Gi'));
  await statusWhen(world, namespace, 'grows', growing);
  await setCapacity(namespace, '2Gi');
  await statusWhen(world, namespace, 'has grown', (s) => !growing(s));
});

test('a storage class that cannot grow is told, and is not asked again and again', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'rigid');
  await createStore(world, namespace, persistence('rigid', '1Gi'));
  await provide(namespace, 'rigid');
  await editStore(world, namespace, persistence('rigid', '2Gi'));
  await statusWhen(world, namespace, 'is told', (s) => reasonOf(s, 'Degraded') === 'VolumeNotExpandable');
  await settled(world);
  const writes = writesIn(world, namespace).length;
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  assert.deepEqual(writesIn(world, namespace).slice(writes), []);
  assert.equal(await sizeOf(namespace), '1Gi');
});

test('a size that a quota forbids is told, holds nothing else up, and is given when the quota allows it', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'quota');
  await createStore(world, namespace, persistence('elastic', '1Gi'));
  await provide(namespace, 'elastic');
  const allow = async (storage: string) => {
    const metadata = { name: 'storage', namespace };
    const hard = { 'requests.storage': storage };
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } };
    await admin.delete(resourceQuotas, metadata);
    await admin.create<KubeObject>(resourceQuotas, quota);
    const status = { status: { hard, used: { 'requests.storage': '1Gi' } } };
    await admin.patch(resourceQuotas, metadata, status, { type: 'merge', subresource: 'status' });
  };
  await allow('2Gi');
  await editStore(world, namespace, { ...persistence('elastic', '5Gi'), evictionPolicy: 'allkeys-lru' });
  const told = await statusWhen(world, namespace, 'is told', (s) => reasonOf(s, 'Degraded') === 'VolumeNotExpandable');
  assert.match(
    told.conditions?.find(({ type }) => type === 'Degraded')?.message ?? '',
    /quota.*exceeded quota: storage/,
  );
  const { data } = (await admin.get<KubeObject & { data: Record<string, string> }>(configMaps, {
    namespace,
    name: 'main-redis',
  })) ?? { data: {} };
  assert.match(Object.values(data).join(), /maxmemory-policy allkeys-lru/);
  assert.deepEqual(world.failures, []);
  await allow('10Gi');
  await editStore(world, namespace, persistence('elastic', '6Gi'));
  await until('the claim asks for more', async () => (await sizeOf(namespace)) === '6Gi');
});

test("a volume that its driver cannot resize is told in the driver's words, until it has grown", async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'stuck');
  await createStore(world, namespace, persistence('elastic', '1Gi'));
  await provide(namespace, 'elastic');
  await editStore(world, namespace, persistence('elastic', '2Gi'));
  await until('the claim asks for more', async () => (await sizeOf(namespace)) === '2Gi');
  const say = (status: 'True' | 'False') => {
    const conditions = [{ type: 'ControllerResizeError', status, message: 'the pool is exhausted' }];
    return admin.patch(
      persistentVolumeClaims,
      key(namespace),
      { status: { conditions } },
      { type: 'merge', subresource: 'status' },
    );
  };
  await say('True');
  const told = await statusWhen(world, namespace, 'is told', (s) => reasonOf(s, 'Degraded') === 'VolumeNotExpandable');
  assert.match(told.conditions?.find(({ type }) => type === 'Degraded')?.message ?? '', /the pool is exhausted/);
  await say('False');
  await statusWhen(world, namespace, 'grows', (s) => reasonOf(s, 'Progressing') === 'GrowingVolume');
});

test('a size that was asked for in vain can be taken back, down to that of the claim', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'taken-back');
  await createStore(world, namespace, persistence('rigid', '1Gi'));
  await provide(namespace, 'rigid');
  await statusWhen(world, namespace, 'tells the size', (s) => s.volume?.size === '1Gi');
  await editStore(world, namespace, persistence('rigid', '5Gi'));
  await statusWhen(world, namespace, 'is refused', (s) => reasonOf(s, 'Degraded') === 'VolumeNotExpandable');
  await assert.rejects(editStore(world, namespace, persistence('rigid', '512Mi')), /persistence.size cannot shrink/);
  await editStore(world, namespace, persistence('rigid', '1Gi'));
  await statusWhen(world, namespace, 'is as asked', (s) => reasonOf(s, 'SpecAccepted'));
});

test('a claim that has no volume yet is left as it is', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'unbound');
  await createStore(world, namespace, persistence('elastic', '1Gi'));
  await provide(namespace, 'elastic');
  await admin.patch(
    persistentVolumeClaims,
    key(namespace),
    { status: { phase: 'Pending' } },
    { type: 'merge', subresource: 'status' },
  );
  await settled(world);
  await editStore(world, namespace, persistence('elastic', '2Gi'));
  await statusWhen(world, namespace, 'has seen it', () => true);
  assert.equal(await sizeOf(namespace), '1Gi');
  assert.deepEqual(world.failures, []);
});
