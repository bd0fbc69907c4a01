import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { PROGRESS_PORT } from '../../../contract/backup.ts';
import type { KVBackup } from '../../../contract/objects.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { namespaces, networkPolicies, pods, secrets } from '../../../kube/resources.ts';
import { backupWhen, completeReason, createBackup, data, endPod, jobOf, podOf } from './backups.ts';
import { setPodStatus } from './players.ts';
import { runStore, type StoreRedis } from './store-redis.ts';
import {
  createNamespace,
  createStore,
  editStore,
  kvBackups,
  settled,
  startCluster,
  startWorld,
  statusWhen,
  until,
  type World,
  writesIn,
} from './world.ts';

const { server, client: admin } = await startCluster();

const done = { ok: true, data, seconds: 1 } as const;

/** A store that runs in a namespace of that name. */
async function runningStore(
  t: TestContext,
  name: string,
  version: '7.0' | '8.0' = '8.0',
): Promise<{ world: World; namespace: string; store: StoreRedis }> {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, name);
  await createStore(world, namespace, { version });
  const store = await runStore(t, world, namespace, version, '10.0.0.1');
  await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
  return { world, namespace, store };
}

const secretOf = (namespace: string) => admin.get(secrets, { namespace, name: 'main-redis-backup' });
const policyOf = async (namespace: string) =>
  JSON.stringify((await admin.get(networkPolicies, { namespace, name: 'main-redis' }))?.spec);
const users = async ({ admin: redis }: StoreRedis) =>
  ((await redis.call('ACL', 'LIST')) as string[]).map((line) => line.split(' ')[1]);

for (const version of ['7.0', '8.0'] as const) {
  test(`Redis ${version}: the pod of a backup is let in while it runs, and no trace of it is left`, async (t) => {
    const { world, namespace, store } = await runningStore(t, `backup-${version.replace('.', '-')}`, version);
    const [policy, before] = [await policyOf(namespace), await users(store)];
    await createBackup(world, namespace);
    const pod = await podOf(world, namespace, 'monday-backup');
    const job = jobOf(pod);
    assert.ok(job.verb === 'backup');
    assert.deepEqual(job.redis, { host: '10.0.0.1', port: 6379 });
    assert.match(job.place.object, new RegExp(`^${namespace}/main/monday-[0-9a-f]{8}$`));
    assert.ok((await users(store)).includes('backup'), 'Redis takes the user before the pod is there');
    assert.match(await policyOf(namespace), /redis-backup/);
    assert.equal((await store.admin.config('GET', 'repl-diskless-sync-delay'))[1 as never], '0');
    const secret = (await secretOf(namespace)) as KubeObject & { data: { password: string } };
    assert.ok(!JSON.stringify(pod).includes(Buffer.from(secret.data.password, 'base64').toString()));

    await endPod(world, pod, 0, done);
    const status = await backupWhen(world, namespace, 'is complete', (s) => s.phase === 'Completed');
    assert.deepEqual(
      [status.keys, status.expiringKeys, status.size, status.sha256, status.attempts, status.encrypted],
      [3, 1, 120, data.sha256, 1, false],
    );
    assert.equal(status.location?.object, job.place.object);
    await until(
      'nothing is left',
      async () => !(await secretOf(namespace)) && !(await users(store)).includes('backup'),
    );
    await until('the policy is as before', async () => (await policyOf(namespace)) === policy);
    assert.equal(await admin.get(pods, { namespace, name: 'monday-backup' }), undefined);
    assert.deepEqual((await users(store)).sort(), before.sort());
    await settled(world);
    const writes = writesIn(world, namespace).length;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(writesIn(world, namespace).length, writes, 'an idle backup costs no write');
  });
}

test('an attempt that may help is repeated, one that cannot is not, and its pod stays for its log', async (t) => {
  const { world, namespace, store } = await runningStore(t, 'backup-attempts');
  await createBackup(world, namespace);
  const first = await podOf(world, namespace, 'monday-backup');
  await endPod(world, first, 75, { ok: false, reason: 'TargetUnavailable', message: 'no answer' });
  const second = await podOf(world, namespace, 'monday-backup', first.metadata.uid);
  assert.equal((await backupWhen(world, namespace, 'tries again', (s) => s.attempts === 2)).phase, 'Running');
  await endPod(world, second, 137, '');
  const third = await podOf(world, namespace, 'monday-backup', second.metadata.uid);
  await endPod(world, third, 1, { ok: false, reason: 'TargetRefused', message: 'no bucket of that name' });
  const status = await backupWhen(world, namespace, 'is given up', (s) => s.phase === 'Failed');
  assert.deepEqual([status.attempts, completeReason(status)], [3, 'TargetRefused']);
  assert.match(status.conditions?.[0]?.message ?? '', /no bucket of that name/);
  assert.ok(await admin.get(pods, { namespace, name: 'monday-backup' }));
  await until('the user is gone', async () => !(await users(store)).includes('backup'));
});

test('after five attempts a backup is given up', async (t) => {
  const { world, namespace } = await runningStore(t, 'backup-limit');
  await createBackup(world, namespace);
  let last: string | undefined;
  for (let attempt = 1; attempt <= 5; attempt++) {
    const pod = await podOf(world, namespace, 'monday-backup', last);
    last = pod.metadata.uid;
    await endPod(world, pod, 75, { ok: false, reason: 'SourceUnavailable', message: 'gone' });
  }
  const status = await backupWhen(world, namespace, 'is given up', (s) => s.phase === 'Failed');
  assert.deepEqual([status.attempts, completeReason(status)], [5, 'SourceUnavailable']);
});

test('a Redis that has become a replica is not read, and is once it is the primary again', async (t) => {
  const { world, namespace, store } = await runningStore(t, 'backup-demoted');
  await store.admin.call('REPLICAOF', '127.0.0.1', '1');
  await createBackup(world, namespace);
  await backupWhen(world, namespace, 'waits', (s) => /not the primary/.test(s.conditions?.[0]?.message ?? ''));
  assert.equal(await admin.get(pods, { namespace, name: 'monday-backup' }), undefined);
  await store.admin.call('REPLICAOF', 'NO', 'ONE');
  await podOf(world, namespace, 'monday-backup');
});

/** Has a backup, whose pod is there, begun more than a day ago, all of which no operator ran. */
async function afterADay(world: World, namespace: string, meanwhile: () => Promise<unknown>): Promise<void> {
  await world.operator.stop();
  const status = { startedAt: new Date(Date.now() - 25 * 3_600_000).toISOString() };
  const key = { namespace, name: 'monday' };
  await admin.patch(kvBackups, key, { status }, { type: 'merge', subresource: 'status' });
  await meanwhile();
  await world.restartOperator();
}

test('a day after it began a backup is given up, and its pod does not go on', async (t) => {
  const { world, namespace } = await runningStore(t, 'backup-late');
  await createBackup(world, namespace);
  await podOf(world, namespace, 'monday-backup');
  await afterADay(world, namespace, async () => {});
  const status = await backupWhen(world, namespace, 'is given up', (s) => s.phase === 'Failed');
  assert.equal(completeReason(status), 'TimedOut');
  await until('the pod is gone', async () => !(await admin.get(pods, { namespace, name: 'monday-backup' })));
});

test('a backup that was stored while no operator ran is complete, however long that was', async (t) => {
  const { world, namespace } = await runningStore(t, 'backup-unseen');
  await createBackup(world, namespace);
  const pod = await podOf(world, namespace, 'monday-backup');
  await afterADay(world, namespace, () => endPod(world, pod, 0, done));
  const { phase } = await backupWhen(world, namespace, 'is over', (s) => s.phase !== 'Running');
  assert.equal(phase, 'Completed');
});

test('an operator that ends in the middle leaves the attempt to the next one, which begins no other', async (t) => {
  const { world, namespace } = await runningStore(t, 'backup-restart');
  await createBackup(world, namespace);
  const pod = await podOf(world, namespace, 'monday-backup');
  await world.restartOperator();
  await settled(world);
  assert.equal((await podOf(world, namespace, 'monday-backup')).metadata.uid, pod.metadata.uid);
  await world.operator.stop();
  await endPod(world, pod, 0, done);
  await world.restartOperator();
  const status = await backupWhen(world, namespace, 'is complete', (s) => s.phase === 'Completed');
  assert.equal(status.attempts, 1);
  await until('the pod is gone', async () => !(await admin.get(pods, { namespace, name: 'monday-backup' })));
});

test('a pod that somebody deletes is made again, as the same attempt', async (t) => {
  const { world, namespace } = await runningStore(t, 'backup-evicted');
  await createBackup(world, namespace);
  const pod = await podOf(world, namespace, 'monday-backup');
  await admin.delete(pods, { namespace, name: 'monday-backup' });
  const again = await podOf(world, namespace, 'monday-backup', pod.metadata.uid);
  await endPod(world, again, 0, done);
  assert.equal((await backupWhen(world, namespace, 'is complete', (s) => s.phase === 'Completed')).attempts, 1);
});

test('backups of one store are made one after the other', async (t) => {
  const { world, namespace } = await runningStore(t, 'backup-turns');
  await createBackup(world, namespace);
  const pod = await podOf(world, namespace, 'monday-backup');
  await createBackup(world, namespace, 'tuesday');
  const waits = (s: NonNullable<KVBackup['status']>) => completeReason(s) === 'OtherBackupRuns';
  await backupWhen(world, namespace, 'waits for the other', waits, 'tuesday');
  assert.equal(await admin.get(pods, { namespace, name: 'tuesday-backup' }), undefined);
  await endPod(world, pod, 0, done);
  const next = await podOf(world, namespace, 'tuesday-backup');
  await endPod(world, next, 0, done);
  await backupWhen(world, namespace, 'is complete', (s) => s.phase === 'Completed', 'tuesday');
});

test('a backup waits for its store, for a place to go to, and for a store that is hibernated, and says so', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'backup-waits');
  const reason = (wanted: string) =>
    backupWhen(world, namespace, wanted, (s) => s.phase === 'Pending' && completeReason(s) === wanted);
  await createBackup(world, namespace, 'monday', { target: undefined });
  await reason('StoreNotFound');
  await createStore(world, namespace, { enabled: false });
  await reason('TargetMissing');
  const target = { volume: { claimName: 'vault', path: 'kept' } };
  const encryption = { secret: { name: 'age' } };
  await editStore(world, namespace, { backup: { target, encryption } });
  await reason('StoreHibernated');
  await editStore(world, namespace, { enabled: true });
  await reason('StoreNotReady');
  await runStore(t, world, namespace, '8.0', '10.0.0.1');
  const job = jobOf(await podOf(world, namespace, 'monday-backup'));
  assert.ok(job.verb === 'backup' && job.place.encrypted);
  assert.match(job.place.object, /^kept\/backup-waits\/main\//);
});

test('progress is told, and a pod that cannot start says why', async (t) => {
  const { world, namespace } = await runningStore(t, 'backup-progress');
  const host = '127.0.9.9';
  const teller = createServer((_, response) => response.end('{"bytes":4096}')).listen(PROGRESS_PORT, host);
  t.after(() => teller.close());
  await createBackup(world, namespace);
  const pod = await podOf(world, namespace, 'monday-backup');
  const state = (one: object) => ({
    name: 'backup',
    ready: false,
    restartCount: 0,
    image: '',
    imageID: '',
    state: one,
  });
  const waiting = { reason: 'ErrImagePull', message: 'not to be had' };
  await setPodStatus(world, pod, { phase: 'Pending', containerStatuses: [state({ waiting })] });
  const says = (s: NonNullable<KVBackup['status']>) => /not to be had/.test(s.conditions?.[0]?.message ?? '');
  await backupWhen(world, namespace, 'says why it does not start', says);
  const running = { startedAt: '2026-01-01T00:00:00Z' };
  const ip = { podIP: host, podIPs: [{ ip: host }] };
  await setPodStatus(world, pod, { phase: 'Running', ...ip, containerStatuses: [state({ running })] });
  const status = await backupWhen(world, namespace, 'tells how far it is', (s) => s.progress?.bytes === 4096);
  assert.equal(completeReason(status), 'Running');
});

const remove = (namespace: string) => admin.delete(kvBackups, { namespace, name: 'monday' });
const gone = (namespace: string) =>
  until('the backup is gone', async () => !(await admin.get(kvBackups, { namespace, name: 'monday' })));

test('under deletionPolicy Delete what is stored is removed before the backup goes', async (t) => {
  const { world, namespace } = await runningStore(t, 'backup-delete');
  await createBackup(world, namespace, 'monday', { deletionPolicy: 'Delete' });
  const pod = await podOf(world, namespace, 'monday-backup');
  const { place } = jobOf(pod) as { place: object };
  await endPod(world, pod, 0, done);
  await backupWhen(world, namespace, 'is complete', (s) => s.phase === 'Completed');
  await remove(namespace);
  const remover = await podOf(world, namespace, 'monday-delete');
  assert.deepEqual(jobOf(remover), { verb: 'delete', place });
  await endPod(world, remover, 1, { ok: false, reason: 'TargetRefused', message: 'access denied' });
  const told = (s: NonNullable<KVBackup['status']>) => completeReason(s) === 'DeletionFailing';
  await backupWhen(world, namespace, 'says what it waits for', told);
  await admin.patch(
    kvBackups,
    { namespace, name: 'monday' },
    { spec: { deletionPolicy: 'Retain' } },
    { type: 'merge' },
  );
  await gone(namespace);
});

test('a backup that is deleted in the middle stops storing before what is stored is removed', async (t) => {
  const { world, namespace, store } = await runningStore(t, 'backup-abort');
  await createBackup(world, namespace, 'monday', { deletionPolicy: 'Delete' });
  await podOf(world, namespace, 'monday-backup');
  await remove(namespace);
  const remover = await podOf(world, namespace, 'monday-delete');
  assert.equal(await admin.get(pods, { namespace, name: 'monday-backup' }), undefined);
  await endPod(world, remover, 0, { ok: true, seconds: 1 });
  await gone(namespace);
  await until('the user is gone', async () => !(await users(store)).includes('backup'));
});

test('a backup that never began, or of an ending namespace, goes at once', async (t) => {
  const world = await startWorld(t, server);
  const waits = await createNamespace(admin, 'backup-never');
  await createBackup(world, waits, 'monday', { deletionPolicy: 'Delete' });
  await backupWhen(world, waits, 'waits', (s) => completeReason(s) === 'StoreNotFound');
  await remove(waits);
  await gone(waits);

  const { world: other, namespace } = await runningStore(t, 'backup-ending');
  await createBackup(other, namespace, 'monday', { deletionPolicy: 'Delete' });
  await endPod(other, await podOf(other, namespace, 'monday-backup'), 0, done);
  await backupWhen(other, namespace, 'is complete', (s) => s.phase === 'Completed');
  await admin.delete(namespaces, { name: namespace });
  await remove(namespace);
  await gone(namespace);
});

test('a deletion that cannot remove what is stored does not keep other backups of the store waiting', async (t) => {
  const { world, namespace, store } = await runningStore(t, 'backup-stuck');
  await createBackup(world, namespace, 'monday', { deletionPolicy: 'Delete' });
  await podOf(world, namespace, 'monday-backup');
  await remove(namespace);
  const refused = { ok: false, reason: 'TargetRefused', message: 'there is no such bucket' } as const;
  await endPod(world, await podOf(world, namespace, 'monday-delete'), 1, refused);
  await backupWhen(world, namespace, 'waits', (s) => completeReason(s) === 'DeletionFailing');
  await until('the user is gone', async () => !(await users(store)).includes('backup'));
  await createBackup(world, namespace, 'tuesday');
  await podOf(world, namespace, 'tuesday-backup');
});
