import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../kube/object.ts';
import { configMaps, persistentVolumeClaims, pods, statefulSets } from '../../../kube/resources.ts';
import type { StatefulSet } from '../../../operator/reconcile/kinds.ts';
import { makePod, observeTemplate, runPod, setPodStatus, waitingFor } from './players.ts';
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

const { server, client: admin } = await startCluster();

const imageOf = (set: KubeObject | undefined) => /"image":"([^"]*)"/.exec(JSON.stringify(set?.spec))?.[1];

test('of two claims of a project the older holds it; the newer changes nothing until the older goes', async (t) => {
  const world = await startWorld(t, server);
  const [elder, newer] = [await createNamespace(admin, 'elder'), await createNamespace(admin, 'newer')];
  await createStore(world, elder, { projectId: 'shared' });
  await statusWhen(world, elder, 'holds it', (s) => s.projectId === 'shared');
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // ages are to the second
  await createStore(world, newer, { projectId: 'shared' });
  const refused = await statusWhen(
    world,
    newer,
    'is refused',
    (s) => reasonOf(s, 'Ready', 'False') === 'ProjectIdConflict',
  );
  assert.equal(refused.projectId, undefined);
  assert.equal(refused.phase, 'Degraded');
  assert.equal(await admin.get(statefulSets, { namespace: newer, name: 'main-redis' }), undefined);
  assert.ok(!JSON.stringify(refused).includes('elder'), 'the other tenant is not named');
  await admin.delete(kvStores, { namespace: elder, name: 'main' });
  await statusWhen(world, newer, 'holds it now', (s) => s.projectId === 'shared');
  assert.ok(await admin.get(statefulSets, { namespace: newer, name: 'main-redis' }));
});

test('a default project that is too long is refused with the remedy', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'n'.repeat(63));
  await createStore(world, namespace);
  const status = await statusWhen(
    world,
    namespace,
    'is refused',
    (s) => reasonOf(s, 'Degraded') === 'ProjectIdInvalid',
  );
  assert.match(JSON.stringify(status.conditions), /create the KVStore again with spec.projectId/);
});

test('an unknown version makes nothing on a new store, and leaves a running one as it is', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'unknown-version');
  await createStore(world, namespace, { version: '9.9' });
  const status = await statusWhen(
    world,
    namespace,
    'is refused',
    (s) => reasonOf(s, 'SpecAccepted', 'False') === 'VersionUnknown',
  );
  assert.match(JSON.stringify(status.conditions), /use one of 7.0, 8.0/);
  assert.equal(await admin.get(statefulSets, { namespace, name: 'main-redis' }), undefined);
  await editStore(world, namespace, { version: '8.0' });
  await statusWhen(world, namespace, 'is taken over', (s) => reasonOf(s, 'SpecAccepted'));
  const set = await admin.get(statefulSets, { namespace, name: 'main-redis' });
  await editStore(world, namespace, { version: '9.9', memory: '48Mi' });
  await statusWhen(world, namespace, 'is refused again', (s) => reasonOf(s, 'Degraded') === 'VersionUnknown');
  const now = await admin.get(statefulSets, { namespace, name: 'main-redis' });
  assert.equal(imageOf(now), imageOf(set));
  assert.match(JSON.stringify(now?.spec), /"memory":"160Mi"/, 'the rest of spec is taken over');
});

test('a new catalogue changes no store whose version stays', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'catalogue');
  await createStore(world, namespace);
  await setPodStatus(world, await makePod(world, namespace), waitingFor('ContainerCreating', ''));
  await settled(world);
  const before = writesIn(world, namespace).length;
  await world.restartOperator({ versions: { '8.0': 'docker.io/library/redis:8.0.9' } });
  await settled(world);
  assert.deepEqual(writesIn(world, namespace).slice(before), []);
});

test('a paused store is left alone but for a condition, and goes on where the annotation is removed', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'paused');
  await createStore(world, namespace);
  await statusWhen(world, namespace, 'has a status', () => true);
  const annotate = (value: string | null) =>
    admin.patch(
      kvStores,
      { namespace, name: 'main' },
      { metadata: { annotations: { 'cubby.dev/paused': value } } },
      { type: 'merge' },
    );
  await annotate('true');
  await statusWhen(world, namespace, 'is paused', (s) => reasonOf(s, 'Paused'));
  await settled(world);
  const before = writesIn(world, namespace).length;
  await editStore(world, namespace, { memory: '64Mi' });
  await admin.delete(configMaps, { namespace, name: 'main-redis' });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  assert.deepEqual(
    writesIn(world, namespace)
      .slice(before)
      .filter(({ object }) => object !== 'KVStore/main'),
    [],
  );
  await annotate(null);
  const status = await statusWhen(
    world,
    namespace,
    'goes on',
    (s) => !s.conditions?.some(({ type }) => type === 'Paused'),
  );
  assert.ok(status);
  assert.ok(await until('the child is back', () => admin.get(configMaps, { namespace, name: 'main-redis' })));
});

test('hibernation takes the replicas to none and keeps everything else', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'hibernate');
  await createStore(world, namespace, { enabled: false });
  await statusWhen(world, namespace, 'hibernates', (s) => s.phase === 'Hibernated');
  const replicas = async () =>
    (await admin.get<StatefulSet>(statefulSets, { namespace, name: 'main-redis' }))?.spec.replicas;
  assert.equal(await replicas(), 0);
  await editStore(world, namespace, { enabled: true });
  await until('it wakes', async () => (await replicas()) === 1);
});

test('a pod that never ran is replaced as soon as the image is corrected', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'bad-image');
  await createStore(world, namespace, { version: undefined, image: 'redis:nope' });
  const pod = await makePod(world, namespace);
  await setPodStatus(
    world,
    pod,
    waitingFor('ImagePullBackOff', 'Back-off pulling image "redis:nope": ErrImagePull: not found'),
  );
  const status = await statusWhen(world, namespace, 'reports', (s) => reasonOf(s, 'Degraded') === 'ImageUnavailable');
  assert.match(JSON.stringify(status.conditions), /redis:nope cannot be pulled; correct spec.image/);
  await editStore(world, namespace, { image: 'redis:8.0.2' });
  await until(
    'the template is corrected',
    async () => imageOf(await admin.get(statefulSets, { namespace, name: 'main-redis' })) === 'redis:8.0.2',
  );
  assert.equal(
    (await admin.get(pods, { namespace, name: 'main-redis-0' }))?.metadata.uid,
    pod.metadata.uid,
    'not before the template was seen',
  );
  await observeTemplate(world, namespace);
  await until('the pod is deleted', async () => {
    const now = await admin.get(pods, { namespace, name: 'main-redis-0' });
    return now === undefined || now.metadata.deletionTimestamp !== undefined;
  });
});

test('a running pod is not touched by an image that cannot be pulled: the preflight pod finds out', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'preflight');
  await createStore(world, namespace);
  const pod = await makePod(world, namespace);
  await runPod(world, pod, '127.0.0.77'); // nothing listens there
  await statusWhen(world, namespace, 'has seen the pod', () => true);
  await editStore(world, namespace, { image: 'redis:nope' });
  const key = { namespace, name: 'main-redis-preflight' };
  const preflight = await until('a preflight pod', () => admin.get(pods, key));
  await setPodStatus(world, preflight, waitingFor('ErrImagePull', 'not found', 'preflight'));
  await statusWhen(world, namespace, 'reports', (s) => reasonOf(s, 'Degraded') === 'ImageUnavailable');
  assert.equal(
    imageOf(await admin.get(statefulSets, { namespace, name: 'main-redis' })),
    'docker.io/library/redis:8.0',
  );
  await editStore(world, namespace, { image: null });
  await statusWhen(world, namespace, 'recovers', (s) => reasonOf(s, 'Degraded', 'False'));
  assert.equal((await admin.get(pods, { namespace, name: 'main-redis-0' }))?.metadata.uid, pod.metadata.uid);
  await until('the preflight pod is removed', async () => {
    const now = await admin.get(pods, key);
    return now === undefined || now.metadata.deletionTimestamp !== undefined;
  });
});

test('a schema that the scheduling breaks is a condition, and touches no pod', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'bad-scheduling');
  await createStore(world, namespace, { scheduling: { affinity: { nodeAffinity: { foo: 'bar' } } } });
  await statusWhen(world, namespace, 'is refused', (s) => reasonOf(s, 'SpecAccepted', 'False') === 'SpecRefused');
  await editStore(world, namespace, { scheduling: null });
  await statusWhen(world, namespace, 'is taken over', (s) => reasonOf(s, 'SpecAccepted'));
});

test('scheduling that the API server refuses is no trial that goes on, and leaves a running store as it was', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'refused-scheduling');
  await createStore(world, namespace);
  const pod = await makePod(world, namespace);
  await runPod(world, pod, '127.0.0.78'); // nothing listens there
  await statusWhen(world, namespace, 'is as asked', (s) => reasonOf(s, 'SpecAccepted') && s.memory === undefined);
  const template = async () => (await admin.get(statefulSets, { namespace, name: 'main-redis' }))?.metadata.generation;
  const before = await template();
  for (const scheduling of [
    { affinity: { nonsense: true } },
    { nodeSelector: { 'not a label': 'x' } },
    { priorityClassName: 'none-such' },
  ]) {
    await editStore(world, namespace, { scheduling });
    const status = await statusWhen(world, namespace, 'is refused', (s) => reasonOf(s, 'SpecAccepted', 'False'));
    const told = status.conditions?.find(({ type }) => type === 'SpecAccepted');
    assert.equal(told?.reason, 'SpecRefused');
    assert.match(told?.message ?? '', /correct spec\.image or spec\.scheduling/);
    assert.notEqual(reasonOf(status, 'Progressing'), 'Checking');
    await editStore(world, namespace, { scheduling: null });
    await statusWhen(world, namespace, 'is taken over', (s) => reasonOf(s, 'SpecAccepted'));
  }
  assert.equal(await template(), before, 'the StatefulSet was not touched');
});

test('a claim that was left behind is adopted, and an older Redis is not let near it', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'adopt');
  const since = '2026-01-01T00:00:00.000Z';
  const claim = await admin.create<KubeObject>(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      namespace,
      name: 'data-main-redis-0',
      annotations: {
        'cubby.dev/data-mode': 'rdb',
        'cubby.dev/data-version': '8.0.2',
        'cubby.dev/native-access-since': since,
      },
    },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  await createStore(world, namespace, { version: '7.0' });
  const refused = await statusWhen(
    world,
    namespace,
    'is refused',
    (s) => reasonOf(s, 'Degraded') === 'DowngradeRefused',
  );
  assert.equal(refused.nativeAccessSince, since, 'what is in it may be no JSON');
  assert.equal(await admin.get(statefulSets, { namespace, name: 'main-redis' }), undefined);
  await editStore(world, namespace, { version: '8.0' });
  const conf = await until('redis.conf', () => admin.get<KubeObject>(configMaps, { namespace, name: 'main-redis' }));
  assert.match(JSON.stringify(conf.data), /appendonly no/, 'Redis starts from the files that are there');
  const adopted = await until('labels', async () => {
    const now = await admin.get(persistentVolumeClaims, { namespace, name: 'data-main-redis-0' });
    return now?.metadata.labels?.['cubby.dev/store'] ? now : undefined;
  });
  assert.equal(adopted.metadata.uid, claim.metadata.uid);
});
