import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import type { Redis } from 'ioredis';
import type { KubeObject } from '../../../kube/object.ts';
import { configMaps, persistentVolumeClaims, pods } from '../../../kube/resources.ts';
import { runPod, setPodStatus } from './players.ts';
import { runStore } from './store-redis.ts';
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

const setting = async (redis: Redis, name: string) => ((await redis.config('GET', name)) as string[])[1];

for (const version of ['7.0', '8.0'] as const) {
  const suffix = version.replace('.', '-');

  test(`Redis ${version}: memory, policy and directives change while it runs, and nothing is written afterwards`, async (t) => {
    const world = await startWorld(t, server);
    const namespace = await createNamespace(admin, `live-${suffix}`);
    await createStore(world, namespace, { version });
    const { admin: redis, refresh } = await runStore(t, world, namespace, version, '10.0.0.1');
    const first = await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
    assert.match(first.version ?? '', new RegExp(`^${version}`));
    assert.equal(first.memory?.limit, 32 * 2 ** 20);
    const { run_id: before } = await info(redis);
    await editStore(world, namespace, {
      memory: '48Mi',
      evictionPolicy: 'allkeys-lfu',
      config: { hz: '25', 'maxmemory-clients': '5mb' },
    });
    await until('the pod was resized', async () => {
      const pod = await admin.get<KubeObject>(pods, { namespace, name: 'main-redis-0' });
      return pod && JSON.stringify(pod.spec).includes('"160Mi"') && (await runPod(world, pod, '10.0.0.1'));
    });
    await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready' && s.memory?.limit === 48 * 2 ** 20);
    assert.equal(await setting(redis, 'maxmemory'), String(48 * 2 ** 20));
    assert.equal(await setting(redis, 'maxmemory-policy'), 'allkeys-lfu');
    assert.equal(await setting(redis, 'hz'), '25');
    assert.equal(await setting(redis, 'maxmemory-clients'), String(5 * 2 ** 20));
    assert.match(await conf(namespace), /^hz 25$/m);
    await editStore(world, namespace, { config: null });
    await until('a removed directive goes back to its default', async () => (await setting(redis, 'hz')) === '10');
    await until('and out of redis.conf', async () => !(await conf(namespace)).includes('hz 25'));
    await refresh();
    assert.equal((await info(redis)).run_id, before, 'the same process');
    await settled(world);
    const writes = writesIn(world, namespace).length;
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    assert.deepEqual(writesIn(world, namespace).slice(writes), []);
  });

  test(`Redis ${version}: the persistence mode changes both ways while it runs, and a crash after each change loses nothing`, async (t) => {
    const world = await startWorld(t, server);
    const namespace = await createNamespace(admin, `modes-${suffix}`);
    await createStore(world, namespace, { version, persistence: { mode: 'rdb' } });
    const claim = await createClaim(namespace, 'rdb');
    const { admin: redis, crash } = await runStore(t, world, namespace, version, '10.0.0.2');
    await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
    let written = 0;
    for (const mode of ['aof', 'rdb', 'aof']) {
      for (let i = 0; i < 100; i++) await redis.set(`key${written++}`, 'x');
      await editStore(world, namespace, { persistence: { mode } });
      await statusWhen(world, namespace, `runs ${mode}`, (s) => s.phase === 'Ready');
      await until('redis.conf says so', async () =>
        (await conf(namespace)).includes(`appendonly ${mode === 'aof' ? 'yes' : 'no'}`),
      );
      await until(
        'Redis does so',
        async () => (await setting(redis, 'appendonly')) === (mode === 'aof' ? 'yes' : 'no'),
      );
      await crash();
      assert.equal(await redis.dbsize(), written, `after the change to ${mode}`);
    }
    assert.ok(claim);
  });

  test(`Redis ${version}: a crash at any moment of a change of mode loses nothing that was on disk before it`, async (t) => {
    const world = await startWorld(t, server);
    const namespace = await createNamespace(admin, `crash-${suffix}`);
    await createStore(world, namespace, { version });
    await createClaim(namespace, 'aof');
    const { admin: redis, crash } = await runStore(t, world, namespace, version, '10.0.0.8');
    await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
    let written = 0;
    for (const delayMs of [0, 5, 10, 20, 30, 40, 60, 80, 120, 200]) {
      const before = await setting(redis, 'appendonly');
      for (let i = 0; i < 50; i++) await redis.set(`key${written++}`, 'x');
      if (before === 'no') await redis.save();
      // Under everysec Redis answers before it writes while it syncs what it wrote before.
      await until('it is on disk', async () => {
        const { aof_buffer_length: length = '0', aof_pending_bio_fsync: syncing = '0' } = await info(redis);
        return length === '0' && syncing === '0';
      });
      await editStore(world, namespace, { persistence: { mode: before === 'no' ? 'aof' : 'rdb' } });
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await crash();
      assert.equal(await redis.dbsize(), written, `${delayMs} ms after the change from appendonly ${before}`);
      await until('the change is done', async () => (await setting(redis, 'appendonly')) !== before);
      await statusWhen(world, namespace, 'is ready again', (s) => s.phase === 'Ready');
    }
  });

  test(`Redis ${version}: every value of an allowed directive that Redis refuses is told with its words, and changes nothing`, async (t) => {
    const world = await startWorld(t, server);
    const namespace = await createNamespace(admin, `invalid-${suffix}`);
    await createStore(world, namespace, {
      version,
      config: { 'maxmemory-samples': '0', hz: '20', timeout: '5', activedefrag: 'maybe' },
    });
    const { admin: redis } = await runStore(t, world, namespace, version, '10.0.0.3');
    const status = await statusWhen(world, namespace, 'reports', (s) =>
      s.conditions?.some(({ type, message }) => type === 'SpecAccepted' && message.includes('must be between')),
    );
    const text = JSON.stringify(status.conditions);
    assert.equal(reasonOf(status, 'SpecAccepted', 'False'), 'ConfigNotAllowed');
    assert.match(text, /timeout may not be set; allowed are active-expire-effort/);
    assert.match(text, /activedefrag is not taken over; write it as boolean/);
    assert.match(text, /Redis keeps maxmemory-samples 5/);
    assert.equal(reasonOf(status, 'Ready'), 'Serving');
    await until('what is right is taken over', async () => (await setting(redis, 'hz')) === '20');
    assert.equal(await setting(redis, 'maxmemory-samples'), '5');
    assert.doesNotMatch(
      await conf(namespace),
      /maxmemory-samples/,
      'a value that Redis refuses is never in redis.conf',
    );
  });

  test(`Redis ${version}: users that changed are loaded anew, and the operator stays signed in`, async (t) => {
    const world = await startWorld(t, server);
    const namespace = await createNamespace(admin, `users-${suffix}`);
    await createStore(world, namespace, { version });
    const { admin: redis, refresh } = await runStore(t, world, namespace, version, '10.0.0.4');
    await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
    const revision = (users: unknown) => (users as string[]).find((line) => line.startsWith('user revision-'));
    const good = revision(await redis.call('ACL', 'LIST'));
    assert.ok(good);
    await redis.call('ACL', 'DELUSER', good.split(' ')[1] ?? '');
    await refresh();
    await until('the users are loaded', async () => revision(await redis.call('ACL', 'LIST')) === good, 20_000);
  });
}

test('memory below what is used is refused under noeviction, and taken over once there is room', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'shrink');
  await createStore(world, namespace, { memory: '64Mi' });
  const { admin: redis } = await runStore(t, world, namespace, '8.0', '10.0.0.5');
  await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
  for (let i = 0; i < 24; i++) await redis.set(`big${i}`, Buffer.alloc(1e6, 'x'));
  await editStore(world, namespace, { memory: '16Mi' });
  const status = await statusWhen(world, namespace, 'is refused', (s) => reasonOf(s, 'Degraded') === 'ShrinkRefused');
  assert.equal(reasonOf(status, 'Ready'), 'Serving');
  assert.equal(await setting(redis, 'maxmemory'), String(64 * 2 ** 20));
  assert.match(await conf(namespace), new RegExp(`maxmemory ${64 * 2 ** 20}`));
  await redis.flushall();
  await statusWhen(world, namespace, 'is taken over', (s) => s.phase === 'Ready' && s.memory?.limit === 16 * 2 ** 20);
});

test('where the cluster cannot resize a pod, that is told and tried once, and maxmemory stays within the container', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'no-resize');
  await createStore(world, namespace);
  const { admin: redis } = await runStore(t, world, namespace, '8.0', '10.0.0.9');
  const key = { namespace, name: 'main-redis-0' };
  await until('a node without in-place resize', async () => {
    const pod = await admin.get<KubeObject & { status: { containerStatuses: object[] } }>(pods, key);
    const containerStatuses = pod?.status.containerStatuses.map((status) => ({ ...status, resources: undefined }));
    return pod && setPodStatus(world, pod, { containerStatuses });
  });
  await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
  await editStore(world, namespace, { memory: '128Mi' });
  const status = await statusWhen(world, namespace, 'is told', (s) => reasonOf(s, 'Degraded') === 'ResizeRefused');
  assert.equal(reasonOf(status, 'Ready'), 'Serving');
  assert.equal(await setting(redis, 'maxmemory'), String(32 * 2 ** 20));
  await settled(world);
  const writes = writesIn(world, namespace).length;
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  assert.deepEqual(writesIn(world, namespace).slice(writes), []);
});

test('used memory is written only when it moved by a twentieth of the limit', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'used');
  await createStore(world, namespace, { memory: '64Mi' });
  const { admin: redis } = await runStore(t, world, namespace, '8.0', '10.0.0.6');
  const { memory } = await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
  await redis.set('small', Buffer.alloc(1e6, 'x'));
  await settled(world);
  assert.deepEqual((await statusWhen(world, namespace, 'stays', () => true)).memory, memory);
  await redis.set('big', Buffer.alloc(8e6, 'x'));
  await statusWhen(world, namespace, 'moves', (s) => (s.memory?.used ?? 0) > 8e6);
});

test('a Redis that hangs is told within its time limit, and delays no other store', async (t) => {
  const world = await startWorld(t, server, { concurrency: 2 });
  const hung = await createNamespace(admin, 'hung');
  await createStore(world, hung);
  await runStore(t, world, hung, '8.0', '10.0.0.7');
  await statusWhen(world, hung, 'is ready', (s) => s.phase === 'Ready');
  const silent = createServer(() => {}).listen(0, '127.0.0.1'); // takes connections and never answers
  t.after(() => silent.close());
  await once(silent, 'listening');
  world.redisAt.set('10.0.0.7', { host: '127.0.0.1', port: (silent.address() as AddressInfo).port });
  const status = await statusWhen(world, hung, 'is told', (s) => reasonOf(s, 'Degraded') === 'RedisUnreachable');
  assert.equal(reasonOf(status, 'Ready'), 'PodReady', 'the probe has not failed yet');
  const other = await createNamespace(admin, 'not-hung');
  const start = performance.now();
  await createStore(world, other);
  await statusWhen(world, other, 'has its children', () => true);
  assert.ok(performance.now() - start < 1_000, `${performance.now() - start} ms`);
});

async function conf(namespace: string): Promise<string> {
  const map = await admin.get<KubeObject & { data?: Record<string, string> }>(configMaps, {
    namespace,
    name: 'main-redis',
  });
  return map?.data?.['redis.conf'] ?? '';
}

async function info(redis: Redis): Promise<Record<string, string>> {
  const lines = (await redis.info()).split('\r\n').filter((line) => line.includes(':'));
  return Object.fromEntries(lines.map((line) => line.split(':', 2) as [string, string]));
}

function createClaim(namespace: string, mode: string) {
  const metadata = {
    namespace,
    name: 'data-main-redis-0',
    labels: { 'app.kubernetes.io/managed-by': 'cubby', 'cubby.dev/store': 'main' },
    annotations: { 'cubby.dev/data-mode': mode },
  };
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec };
  return admin.create<KubeObject>(persistentVolumeClaims, claim);
}
