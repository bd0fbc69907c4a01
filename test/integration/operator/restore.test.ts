import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import type { KubeObject } from '../../../kube/object.ts';
import { persistentVolumeClaims, pods, statefulSets } from '../../../kube/resources.ts';
import type { Pod } from '../../../operator/status/pod.ts';
import { openArena } from '../../chaos/arena.ts';
import { startMortal } from '../../chaos/mortal.ts';
import { type Scene, setScene } from '../../chaos/scene.ts';
import { offerBackup, storeBackup } from '../../chaos/stored-backup.ts';
import { kvBackups, kvStores, reasonOf } from './world.ts';

const KEYS = 10;
const arena = await openArena();
const stored = await storeBackup(async (redis) => {
  for (let n = 0; n < KEYS; n++) await redis.set(`key-${n}`, `"${n}"`);
  await redis.set('brief', '"gone"', 'PX', 1_500);
  await redis.set('later', '"here"', 'EX', 3_600);
});
after(async () => {
  await arena.close();
  assert.deepEqual(arena.nodeFailures, []);
});

/** A namespace with an operator for it. */
async function enter(t: TestContext, name: string): Promise<Scene & { failures: unknown[] }> {
  const namespace = await arena.enter(name);
  const { stop, failures } = await startMortal({ kubeconfig: arena.kubeconfig, namespace });
  t.after(async () => {
    await stop();
    await arena.leave(namespace);
  });
  return { ...setScene(arena.client, namespace), failures };
}

const claimKey = ({ namespace }: Scene) => ({ namespace, name: 'data-main-redis-0' });
const claimOf = (scene: Scene) => scene.client.get<KubeObject>(persistentVolumeClaims, claimKey(scene));
const statefulSetOf = ({ client, namespace }: Scene) => client.get(statefulSets, { namespace, name: 'main-redis' });
const get = async (scene: Scene, key: string) => (await scene.redis('dataplane', (redis) => redis.get(key)))[0];
const isRestored = (scene: Scene) => scene.when('is restored', ({ restore }) => restore?.phase === 'Completed');
const refusal = async (scene: Scene, reason: string) => {
  const status = await scene.when(`says ${reason}`, (now) => reasonOf(now, 'SpecAccepted', 'False') === reason);
  return status.conditions?.find(({ type }) => type === 'SpecAccepted')?.message ?? '';
};

test('a new store has the data of the backup before its Redis first runs, and tells how much of it', async (t) => {
  const scene = await enter(t, 'restore-new');
  await scene.create({ version: '8.0', deletionPolicy: 'Delete', restoreFrom: await offerBackup(scene, stored) });
  const { restore } = await isRestored(scene);
  const { keys, expectedKeys, sha256, bytes } = restore ?? {};
  assert.deepEqual(
    { expectedKeys, sha256, bytes },
    {
      expectedKeys: stored.data.keys,
      sha256: stored.data.sha256,
      bytes: stored.data.size,
    },
  );
  assert.equal(keys, KEYS + 1, 'but for the one that has expired');
  assert.equal(arena.starts(scene.namespace), 1, 'Redis has not run without it');
  await scene.ready();
  assert.deepEqual(
    [await get(scene, 'key-3'), await get(scene, 'later'), await get(scene, 'brief')],
    ['"3"', '"here"', null],
  );
  assert.equal((await claimOf(scene))?.metadata.ownerReferences?.[0]?.name, 'main', 'and it goes with the store');
  assert.deepEqual(scene.failures, []);
});

test('a new store waits for a backup that is not there, and goes on when spec is corrected', async (t) => {
  const elsewhere = await arena.enter('restore-elsewhere');
  const foreign = {
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVBackup',
    metadata: { name: 'nightly', namespace: elsewhere },
  };
  const target = { volume: { claimName: 'backups' } };
  await arena.client.create<KubeObject>(kvBackups, { ...foreign, spec: { storeRef: { name: 'main' }, target } });
  const scene = await enter(t, 'restore-missing');
  await scene.create({ restoreFrom: { backupRef: { name: 'nightly' } } });
  assert.match(await refusal(scene, 'RestoreRefused'), /no KVBackup nightly in this namespace/);
  const restoreFrom = await offerBackup(scene, stored);
  const { object } = restoreFrom;
  await scene.edit({ restoreFrom: { backupRef: null, object: { ...object, path: 'not/there' } } });
  assert.match(await refusal(scene, 'RestoreFailed'), /no backup not\/there.*has not begun without its data/);
  assert.equal(await statefulSetOf(scene), undefined);
  await scene.edit({ restoreFrom });
  await isRestored(scene);
  await scene.ready();
  assert.equal(await get(scene, 'key-0'), '"0"');
});

test('data that is there is not replaced without a confirmation, and then once for each time it is asked', async (t) => {
  const scene = await enter(t, 'restore-unconfirmed');
  await scene.create();
  await scene.ready();
  await scene.redis('dataplane', (redis) => redis.set('own', '"data"'));
  const before = (await scene.pod())?.metadata.uid;
  const restoreFrom = await offerBackup(scene, stored);
  await scene.edit({ restoreFrom });
  assert.match(await refusal(scene, 'RestoreRefused'), /overwriteData: true/);
  assert.equal(await get(scene, 'own'), '"data"');
  assert.equal((await scene.pod())?.metadata.uid, before);
  await scene.edit({ restoreFrom: { overwriteData: true } });
  await isRestored(scene);
  await scene.ready();
  assert.deepEqual([await get(scene, 'own'), await get(scene, 'key-1')], [null, '"1"']);
  await scene.redis('dataplane', (redis) => redis.set('newer', '"data"'));
  await scene.edit({ memory: '40Mi' });
  await scene.ready();
  assert.equal(await get(scene, 'newer'), '"data"');
  await scene.edit({ restoreFrom: null });
  await scene.ready();
  assert.equal(await get(scene, 'newer'), '"data"');
  await scene.edit({ restoreFrom });
  await refusal(scene, 'RestoreRefused');
  await scene.edit({ restoreFrom: { overwriteData: true } });
  await scene.until('it is restored again', async () => (await get(scene, 'newer').catch(() => '')) === null);
  await isRestored(scene);
  assert.equal(await get(scene, 'key-1'), '"1"');
});

test('a store without a confirmation finds its retained data again, and no backup in its place', async (t) => {
  const scene = await enter(t, 'restore-retained');
  await scene.create();
  await scene.ready();
  await scene.redis('dataplane', (redis) => redis.set('own', '"data"'));
  await scene.client.delete(kvStores, { namespace: scene.namespace, name: 'main' });
  await scene.until('Redis is gone', async () => !(await scene.pod()));
  await scene.create({ restoreFrom: await offerBackup(scene, stored) });
  await refusal(scene, 'RestoreRefused');
  await scene.until('it serves what it had', async () => (await get(scene, 'own')) === '"data"');
});

test('when all is restored nothing is left of it but what the claim tells, and nothing more is written', async (t) => {
  const scene = await enter(t, 'restore-quiet');
  await scene.create({ restoreFrom: await offerBackup(scene, stored) });
  await isRestored(scene);
  await scene.ready();
  const key = { namespace: scene.namespace, name: 'main-redis-restore' };
  await scene.until('its pod is gone', async () => !(await scene.client.get<Pod>(pods, key)));
  const versions = async () => [await scene.store(), await claimOf(scene), await statefulSetOf(scene)];
  await scene.until('nothing changes', async () => {
    const [a, b] = [await versions(), await new Promise((resolve) => setTimeout(resolve, 5_000)).then(versions)];
    const of = (objects: typeof a) => objects.map((object) => object?.metadata.resourceVersion).join();
    return of(a) === of(b);
  });
  const { annotations } = (await claimOf(scene))?.metadata ?? {};
  const { phase, dirty } = JSON.parse(annotations?.['cubby.dev/restore'] ?? '{}');
  assert.deepEqual([phase, dirty], ['Completed', undefined]);
});

test('a store that never had its backup is deleted without a last one, and its empty volume goes with it', async (t) => {
  const scene = await enter(t, 'restore-ends');
  const { object } = await offerBackup(scene, stored);
  const policy = { deletionPolicy: 'Backup', backup: { target: object.target } };
  await scene.create({ ...policy, restoreFrom: { object: { ...object, path: 'not/there' } } });
  await refusal(scene, 'RestoreFailed');
  await scene.client.delete(kvStores, { namespace: scene.namespace, name: 'main' });
  await scene.until('the store is gone', async () => !(await scene.store()));
  await scene.until('its volume is gone', async () => !(await claimOf(scene)));
});
