import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KVBackup, KVStore } from '../../../contract/objects.ts';
import type { ApiObject, KubeObject } from '../../../kube/object.ts';
import { namespaces, persistentVolumeClaims } from '../../../kube/resources.ts';
import { data, endPod, jobOf, podOf } from './backups.ts';
import { makePod, runPod } from './players.ts';
import { runStore } from './store-redis.ts';
import {
  createNamespace,
  createStore,
  editStore,
  kvBackups,
  kvStores,
  reasonOf,
  startCluster,
  startWorld,
  statusWhen,
  until,
  type World,
} from './world.ts';

const { server, client: admin } = await startCluster();

const backup = { target: { volume: { claimName: 'vault' } } };
const storeOf = (namespace: string) => admin.get<KVStore>(kvStores, { namespace, name: 'main' });
const claimOf = (namespace: string) =>
  admin.get<KubeObject>(persistentVolumeClaims, { namespace, name: 'data-main-redis-0' });
const finalOf = (namespace: string) =>
  until('the last backup', async () => (await admin.list<KVBackup>(kvBackups, { namespace })).items[0]);
const ownersOf = (object: ApiObject | undefined) => object?.metadata.ownerReferences ?? [];
const gone = (namespace: string) => until('the store is gone', async () => !(await storeOf(namespace)));
const remove = (namespace: string) => admin.delete(kvStores, { namespace, name: 'main' });

/** A store of deletionPolicy Backup that runs, with its claim. */
async function runningStore(t: TestContext, name: string): Promise<{ world: World; namespace: string }> {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, name);
  await createStore(world, namespace, { deletionPolicy: 'Backup', backup });
  await admin.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace, name: 'data-main-redis-0' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  await runStore(t, world, namespace, '8.0', '10.0.0.1');
  await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
  return { world, namespace };
}

/** Ends the pods of the last backup well, and its verification with that checksum. */
async function store(world: World, namespace: string, sha256 = data.sha256): Promise<string> {
  const { name } = (await finalOf(namespace)).metadata;
  await endPod(world, await podOf(world, namespace, `${name}-backup`), 0, { ok: true, data, seconds: 1 });
  const verifier = await podOf(world, namespace, `${name}-verify`);
  assert.equal(jobOf(verifier).verb, 'verify');
  assert.deepEqual(ownersOf(await claimOf(namespace)), [], 'the volume stays until then');
  await endPod(world, verifier, 0, { ok: true, data: { ...data, sha256 }, seconds: 1 });
  return name;
}

test('a store goes when its last backup is stored and verified, and its volume with it', async (t) => {
  const { world, namespace } = await runningStore(t, 'final');
  const { uid } = (await storeOf(namespace))?.metadata ?? {};
  await remove(namespace);
  await statusWhen(world, namespace, 'says that it is backed up', (s) => reasonOf(s, 'Progressing') === 'BackingUp');
  const name = await store(world, namespace);
  await gone(namespace);
  const owners = ownersOf(await claimOf(namespace));
  assert.deepEqual(
    owners.map((owner) => [owner.kind, owner.uid]),
    [['KVStore', uid]],
    'which the garbage collector deletes',
  );
  const last = await admin.get<KVBackup>(kvBackups, { namespace, name });
  assert.equal(last?.status?.phase, 'Completed');
  assert.deepEqual(ownersOf(last), [], 'it outlives the store');
});

test('what does not read back as it was sent keeps the store, which says so and what to do', async (t) => {
  const { world, namespace } = await runningStore(t, 'final-corrupt');
  await remove(namespace);
  await store(world, namespace, 'b'.repeat(64));
  const status = await statusWhen(world, namespace, 'says so', (s) => reasonOf(s, 'Degraded') === 'LastBackupFailed');
  assert.match(
    status.conditions?.find(({ type }) => type === 'Degraded')?.message ?? '',
    /spec\.deletionPolicy Retain/,
  );
  assert.ok(await storeOf(namespace));
  assert.deepEqual(ownersOf(await claimOf(namespace)), []);
  const { name } = (await finalOf(namespace)).metadata;
  await admin.delete(kvBackups, { namespace, name });
  await until('another is made', async () => (await admin.get(kvBackups, { namespace, name })) !== undefined);
});

test('a pod that does not say what it has read back verifies nothing', async (t) => {
  const { world, namespace } = await runningStore(t, 'final-mute');
  await remove(namespace);
  const { name } = (await finalOf(namespace)).metadata;
  await endPod(world, await podOf(world, namespace, `${name}-backup`), 0, { ok: true, data, seconds: 1 });
  await endPod(world, await podOf(world, namespace, `${name}-verify`), 0, { ok: true, seconds: 1 });
  await statusWhen(world, namespace, 'is kept', (s) => reasonOf(s, 'Degraded') === 'LastBackupFailed');
});

test('another policy ends the wait: Retain keeps the volume, Delete gives it to the store', async (t) => {
  const kept = await runningStore(t, 'final-retain');
  await remove(kept.namespace);
  await finalOf(kept.namespace);
  await editStore(kept.world, kept.namespace, { deletionPolicy: 'Retain' });
  await gone(kept.namespace);
  assert.deepEqual(ownersOf(await claimOf(kept.namespace)), []);

  const given = await runningStore(t, 'final-delete');
  await remove(given.namespace);
  await finalOf(given.namespace);
  await editStore(given.world, given.namespace, { deletionPolicy: 'Delete' });
  await gone(given.namespace);
  assert.equal(ownersOf(await claimOf(given.namespace))[0]?.kind, 'KVStore');
});

test('a store whose Redis was started with a backup has data of its own, though nobody has seen it read that', async (t) => {
  const { world, namespace } = await runningStore(t, 'final-loading');
  await world.operator.stop();
  const record = { from: 'x', phase: 'Loading', fresh: true, attempts: 0 };
  const metadata = { annotations: { 'cubby.dev/restore': JSON.stringify(record) } };
  await admin.patch(persistentVolumeClaims, { namespace, name: 'data-main-redis-0' }, { metadata }, { type: 'merge' });
  await remove(namespace);
  await world.restartOperator();
  await store(world, namespace);
  await gone(namespace);
});

test('a hibernated store is woken for its last backup', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'final-hibernated');
  await createStore(world, namespace, { deletionPolicy: 'Backup', backup, enabled: false });
  await statusWhen(world, namespace, 'is hibernated', (s) => s.phase === 'Hibernated');
  await remove(namespace);
  await statusWhen(world, namespace, 'says that it is backed up', (s) => reasonOf(s, 'Progressing') !== undefined);
  await runPod(world, await makePod(world, namespace), '10.0.0.9');
  const backups = await finalOf(namespace);
  assert.equal(backups.spec.storeRef.name, 'main');
  await editStore(world, namespace, { deletionPolicy: 'Retain' });
  await gone(namespace);
});

test('a store without data, of an ending namespace, or deleted in the foreground is not held up', async (t) => {
  const world = await startWorld(t, server);
  const empty = await createNamespace(admin, 'final-empty');
  await createStore(world, empty, { deletionPolicy: 'Backup', backup, version: '6.2' });
  await statusWhen(world, empty, 'is refused', (s) => reasonOf(s, 'Degraded') === 'VersionUnknown');
  await remove(empty);
  await gone(empty);

  const ending = await runningStore(t, 'final-ending');
  await admin.delete(namespaces, { name: ending.namespace });
  await remove(ending.namespace);
  await gone(ending.namespace);
  assert.deepEqual((await admin.list(kvBackups, { namespace: ending.namespace })).items, []);

  const foreground = await runningStore(t, 'final-foreground');
  const options = { propagationPolicy: 'Foreground' } as const;
  await admin.delete(kvStores, { namespace: foreground.namespace, name: 'main' }, options);
  const own = async () => (await storeOf(foreground.namespace))?.metadata.finalizers;
  // No garbage collector runs here, whose finalizer is left.
  await until('it is let go', async () => (await own())?.join() === 'foregroundDeletion');
  assert.deepEqual(ownersOf(await claimOf(foreground.namespace)), [], 'its volume stays');
  assert.ok(foreground.world.events.some(({ reason }) => reason === 'LastBackupLeftOut'));
});

test('the finalizer is there under deletionPolicy Backup and no other', async (t) => {
  const { world, namespace } = await runningStore(t, 'final-policy');
  assert.deepEqual((await storeOf(namespace))?.metadata.finalizers, ['cubby.dev/final-backup']);
  await editStore(world, namespace, { deletionPolicy: 'Retain' });
  await until('it is taken off', async () => !(await storeOf(namespace))?.metadata.finalizers?.length);
  await editStore(world, namespace, { deletionPolicy: 'Backup' });
  await until('it is back', async () => (await storeOf(namespace))?.metadata.finalizers?.length === 1);
});

test('an operator that ends while a store waits for its last backup leaves it to the next one', async (t) => {
  const { world, namespace } = await runningStore(t, 'final-restart');
  await remove(namespace);
  const { name } = (await finalOf(namespace)).metadata;
  const pod = await podOf(world, namespace, `${name}-backup`);
  await world.operator.stop();
  await endPod(world, pod, 0, { ok: true, data, seconds: 1 });
  await world.restartOperator();
  const verifier = await podOf(world, namespace, `${name}-verify`);
  await world.operator.stop();
  await endPod(world, verifier, 0, { ok: true, data, seconds: 1 });
  await world.restartOperator();
  await gone(namespace);
});
