import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import type { KubeObject } from '../../../kube/object.ts';
import { persistentVolumeClaims, pods, statefulSets } from '../../../kube/resources.ts';
import { openArena } from '../../chaos/arena.ts';
import { startMortal } from '../../chaos/mortal.ts';
import { type Scene, setScene } from '../../chaos/scene.ts';
import { hasEvenShards } from '../../chaos/state.ts';
import { offerBackup, storeBackup, storeShards } from '../../chaos/stored-backup.ts';
import { reasonOf } from './world.ts';

const KEYS = 400;
const arena = await openArena();
const one = await storeBackup(async (redis) => {
  for (let n = 0; n < KEYS; n++) await redis.set(`key-${n}`, `"${n}"`);
});
const two = await storeShards(2, async (redis) => {
  for (let n = 0; n < KEYS; n++) await redis.set(`key-${n}`, `"${n}"`);
});
after(async () => {
  await arena.close();
  assert.deepEqual(arena.nodeFailures, []);
});

async function enter(t: TestContext, name: string): Promise<Scene> {
  const namespace = await arena.enter(name);
  const { stop } = await startMortal({ kubeconfig: arena.kubeconfig, namespace });
  t.after(async () => {
    await stop();
    await arena.leave(namespace);
  });
  return setScene(arena.client, namespace);
}

/** What each member says that a key is, but those that say that another one has it. */
const get = (scene: Scene, key: string) => scene.redis('dataplane', (redis) => redis.get(key));
const put = (scene: Scene, key: string) =>
  scene.until(`${key} is written`, async () =>
    (await scene.redis('dataplane', (redis) => redis.set(key, '"own"'))).includes('OK'),
  );

async function isRestored(scene: Scene): Promise<void> {
  const { restore } = await scene.when('is restored', (status) => status.restore?.phase === 'Completed');
  assert.deepEqual([restore?.keys, restore?.expectedKeys], [KEYS, KEYS]);
  await scene.ready();
}

/** All members, or of shards the one that has it, have each key of the backup. */
async function hasBackup(scene: Scene, members: number): Promise<void> {
  for (let n = 0; n < KEYS; n += 7) {
    await scene.until(`key-${n} is there`, async () => {
      const said = await get(scene, `key-${n}`);
      return said.length === members && said.every((value) => value === `"${n}"`);
    });
  }
}

/** What the restore needed is gone: its pods, and what it wrote on claims but the record. */
async function leavesNothing(scene: Scene): Promise<void> {
  const { client, namespace } = scene;
  await scene.until('its pods are gone', async () => {
    const { items } = await client.list<KubeObject>(pods, { namespace });
    return !items.some(({ metadata }) => metadata.name?.includes('restore'));
  });
  const { items } = await client.list<KubeObject>(persistentVolumeClaims, { namespace });
  const records = items.flatMap(({ metadata }) => metadata.annotations?.['cubby.dev/restore'] ?? []);
  assert.deepEqual(
    records.map((text) => JSON.parse(text)).map(({ phase, dirty, slots }) => [phase, dirty, slots]),
    [['Completed', undefined, undefined]],
  );
}

const refusal = async (scene: Scene, reason: string) => {
  const status = await scene.when(`says ${reason}`, (now) => reasonOf(now, 'SpecAccepted', 'False') === reason);
  return status.conditions?.find(({ type }) => type === 'SpecAccepted')?.message ?? '';
};
const hasSlots: Parameters<Scene['when']>[1] = (status) => hasEvenShards(status) && status.members?.[0]?.slots;
const slotsOf = async (scene: Scene) => (await scene.store())?.status?.members?.map(({ slots }) => slots);

test('all members of a new replicated store begin with the backup', { timeout: 300_000 }, async (t) => {
  const scene = await enter(t, 'restore-replicas-new');
  await scene.create({ replicas: 3, restoreFrom: await offerBackup(scene, one) });
  await isRestored(scene);
  await hasBackup(scene, 3);
  await put(scene, 'newer');
  await leavesNothing(scene);
});

test('the data of all replicas is replaced, and only where it is confirmed', { timeout: 300_000 }, async (t) => {
  const scene = await enter(t, 'restore-replicas');
  await scene.create({ replicas: 3 });
  await scene.ready();
  await put(scene, 'own');
  const restoreFrom = await offerBackup(scene, one);
  await scene.edit({ restoreFrom });
  await refusal(scene, 'RestoreRefused');
  await scene.edit({ restoreFrom: { overwriteData: true } });
  await isRestored(scene);
  await hasBackup(scene, 3);
  assert.deepEqual(new Set(await get(scene, 'own')), new Set([null]));
  await put(scene, 'newer');
  await leavesNothing(scene);
});

test('the shards of a new store have each their part of the backup', { timeout: 300_000 }, async (t) => {
  const scene = await enter(t, 'restore-shards-new');
  await scene.create({ shards: 2, restoreFrom: await offerBackup(scene, two) });
  await isRestored(scene);
  await hasBackup(scene, 1);
  await scene.when('has all slots', hasSlots);
  await put(scene, 'newer');
  await leavesNothing(scene);
});

test('a backup of another number of shards is refused before anything is made of it', {
  timeout: 300_000,
}, async (t) => {
  const scene = await enter(t, 'restore-shards-other');
  const restoreFrom = await offerBackup(scene, two);
  await scene.create({ shards: 3, restoreFrom });
  assert.match(await refusal(scene, 'RestoreFailed'), /of 2 shards and the store has 3 shards.*spec.shards: 2/);
  assert.equal(await scene.client.get(statefulSets, { namespace: scene.namespace, name: 'main-redis' }), undefined);
});

test('the data of shards is replaced where they have the slots of the parts', { timeout: 400_000 }, async (t) => {
  const scene = await enter(t, 'restore-shards');
  await scene.create({ shards: 2 });
  await scene.when('has all slots', hasSlots);
  await scene.ready();
  const before = await slotsOf(scene);
  for (let n = 0; n < 20; n++) await put(scene, `own-${n}`);
  const restoreFrom = { ...(await offerBackup(scene, two)), overwriteData: true };
  await scene.edit({ restoreFrom });
  await isRestored(scene);
  await hasBackup(scene, 1);
  for (let n = 0; n < 20; n++) assert.deepEqual(await get(scene, `own-${n}`), [null]);
  assert.deepEqual(await slotsOf(scene), before);
  await put(scene, 'newer');
  await leavesNothing(scene);

  await scene.edit({ shards: 3 });
  await scene.when('has three shards', (status) => status.topology?.members === 3 && hasEvenShards(status));
  await hasBackup(scene, 1);
  await scene.edit({ restoreFrom: null });
  await scene.ready();
  await scene.edit({ restoreFrom });
  assert.match(await refusal(scene, 'RestoreFailed'), /of 2 shards and the store has 3 shards/);
  assert.deepEqual(await get(scene, 'newer'), ['"own"'], 'it goes on with what it has');
});
