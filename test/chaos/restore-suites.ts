import type { Redis } from 'ioredis';
import { childNames } from '../../contract/names.ts';
import type { KubeObject } from '../../kube/object.ts';
import { persistentVolumeClaims, pods } from '../../kube/resources.ts';
import { restorePodName } from '../../operator/resources/restore-pod.ts';
import { hasSettled, makeStore, type Suite, write } from './acts.ts';
import type { Scene } from './scene.ts';
import { KEYS } from './state.ts';
import { offerBackup, type StoredBackup, storeBackup, storeShards } from './stored-backup.ts';

const [kept, brief, later] = KEYS;

/** Stores that are restored. */
export const restoreSuites: readonly Suite[] = [
  {
    name: 'restore',
    about: 'its data replaced by a backup, with a restart in between',
    catches: ['forgetful', 'doubling'],
    prepare: (scene) => makeStore(scene),
    act: replaceData,
  },
  {
    name: 'restore-new',
    about: 'made with the data of a backup',
    catches: ['forgetful', 'doubling'],
    async act(scene) {
      await scene.create({ restoreFrom: await offerBackup(scene, await storedBackup()) });
      await restored(scene);
      await write(scene, later, '3');
    },
  },
  {
    name: 'restore-replicas',
    about: 'the data of all members of a replicated store replaced by a backup',
    catches: ['forgetful', 'doubling'],
    prepare: (scene) => makeStore(scene, { replicas: 3 }),
    act: replaceData,
  },
  {
    name: 'restore-shards',
    about: 'made of two shards with the data of a backup',
    catches: ['forgetful', 'doubling'],
    async act(scene) {
      await scene.create({ shards: 2, restoreFrom: await offerBackup(scene, await storedShards()) });
      await restored(scene);
      await scene.when('has two shards', (status) => status.topology?.members === 2 && hasSettled(status));
      await write(scene, later, '3');
    },
  },
];

async function replaceData(scene: Scene): Promise<void> {
  const restoreFrom = await offerBackup(scene, await storedBackup());
  await scene.edit({ restoreFrom: { ...restoreFrom, overwriteData: true } });
  await restored(scene);
  await write(scene, later, '3');
}

const OF_BACKUP = '"of the backup"';
let stored: Promise<StoredBackup> | undefined;

/** One for all trials of this process. */
export function storedBackup(): Promise<StoredBackup> {
  stored ??= storeBackup(async (redis) => {
    await redis.set(kept, OF_BACKUP);
    await redis.set(brief, OF_BACKUP, 'EX', 3600);
  });
  return stored;
}

let storedParts: Promise<StoredBackup> | undefined;

/** The same of two shards. */
function storedShards(): Promise<StoredBackup> {
  storedParts ??= storeShards(2, async (cluster) => {
    await cluster.set(kept, OF_BACKUP);
    await cluster.set(brief, OF_BACKUP, 'EX', 3600);
  });
  return storedParts;
}

/** Waits until the backup is in place and all that the restore needed is gone. */
async function restored(scene: Scene): Promise<void> {
  const { client, namespace } = scene;
  await scene.when('is restored', ({ restore }) => restore?.phase === 'Completed');
  await scene.ready();
  const has = async (holds: (redis: Redis) => Promise<boolean>) =>
    (await scene.redis('dataplane', holds)).some(Boolean);
  await scene.until('it has the data of the backup', () => has(async (redis) => (await redis.get(kept)) === OF_BACKUP));
  await scene.until('and when that expires', () => has(async (redis) => (await redis.ttl(brief)) > 0));
  await scene.until('its pods are gone', async () => {
    const { items } = await client.list<KubeObject>(pods, { namespace });
    const claim = await client.get(persistentVolumeClaims, { namespace, name: childNames('main').volumeClaim });
    const isLeft = items.some(({ metadata }) => metadata.name?.startsWith(restorePodName('main', 0)));
    return !isLeft && !JSON.stringify(claim).includes('dirty');
  });
}
