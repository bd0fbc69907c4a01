import type { Redis } from 'ioredis';
import { FAILOVER_ANNOTATION } from '../../contract/labels.ts';
import { childNames } from '../../contract/names.ts';
import { API_VERSION, type KVBackup, type KVStore } from '../../contract/objects.ts';
import { configMaps, persistentVolumeClaims, pods } from '../../kube/resources.ts';
import { restorePodName } from '../../operator/resources/restore-pod.ts';
import { kvBackups, kvStores } from '../integration/operator/world.ts';
import type { PlantName } from './plants.ts';
import { is, type Scene } from './scene.ts';
import { hasEvenShards, KEYS } from './state.ts';
import { offerBackup, type StoredBackup, storeBackup } from './stored-backup.ts';

/** A part of a store's life. Operators die while `act` runs and until its end is reached; before that all is well. */
export interface Suite {
  name: string;
  about: string;
  /** The planted bugs that show in it; the others are healed by what comes after them in this part of a life. */
  catches: readonly PlantName[];
  prepare?: (scene: Scene) => Promise<void>;
  act: (scene: Scene) => Promise<void>;
}

const [kept, brief, later] = KEYS;

/** What must survive the end of the operator at any write, part by part of a store's life. */
export const suites: readonly Suite[] = [
  {
    name: 'create',
    about: 'a store with native access, and a token',
    catches: ['forgetful', 'edge-triggered', 'doubling'],
    async act(scene) {
      await scene.create({ access: { redis: true }, config: { hz: '20' } });
      await scene.createToken();
      await scene.ready();
      await scene.until('the token is accepted', async () => (await scene.token())?.status?.hashes?.length);
      await write(scene, kept, '1');
    },
  },
  {
    name: 'change',
    about: 'memory, policy, config, access, processor, size, reads, deletion policy and persistence, and back',
    catches: ['forgetful', 'doubling'],
    prepare: (scene) => makeStore(scene),
    async act(scene) {
      await scene.edit({
        memory: '48Mi',
        evictionPolicy: 'allkeys-lru',
        config: { hz: '25' },
        access: { redis: true },
      });
      await scene.ready();
      await scene.edit({ persistence: { size: '2Gi', fsync: 'always' }, reads: 'cached', deletionPolicy: 'Delete' });
      await scene.ready();
      await scene.edit({ persistence: { mode: 'rdb' }, resources: { cpu: { request: '20m' } } });
      await scene.ready();
      await write(scene, later, '3');
      await scene.edit({ memory: '24Mi', config: null, access: null, deletionPolicy: 'Retain' });
      await scene.ready();
    },
  },
  {
    name: 'upgrade',
    about: 'from Redis 7.0 to 8.0, with data',
    catches: ['forgetful', 'doubling'],
    prepare: (scene) => makeStore(scene, { version: '7.0' }),
    async act(scene) {
      await scene.edit({ version: '8.0' });
      await scene.when('runs 8.0', (status) => status.version?.startsWith('8.0') && is(status, 'Ready', 'True'));
      await write(scene, later, '3');
    },
  },
  {
    name: 'hibernate',
    about: 'stopped with its data saved, and woken',
    catches: ['forgetful', 'edge-triggered', 'doubling'],
    prepare: (scene) => makeStore(scene, { persistence: { mode: 'rdb' } }),
    async act(scene) {
      await scene.edit({ enabled: false });
      await scene.when('is hibernated', ({ phase }) => phase === 'Hibernated');
      await scene.until('the pod is gone', async () => !(await scene.pod()));
      await scene.edit({ enabled: true });
      await scene.ready();
      await write(scene, later, '3');
    },
  },
  {
    name: 'retain',
    about: 'deleted and made again, its volume retained',
    catches: ['edge-triggered', 'doubling'],
    prepare: (scene) => makeStore(scene),
    async act(scene) {
      await removeStore(scene);
      await scene.create();
      await scene.ready();
      await write(scene, later, '3');
    },
  },
  {
    name: 'delete',
    about: 'deleted with its volume, and made again',
    catches: ['forgetful', 'doubling'],
    prepare: (scene) => makeStore(scene, { deletionPolicy: 'Delete' }),
    async act(scene) {
      await removeStore(scene);
      await scene.create();
      await scene.ready();
      await write(scene, later, '3');
    },
  },
  {
    name: 'replicas',
    about: 'three replicas with data change in memory, and another becomes the primary',
    catches: ['forgetful', 'edge-triggered', 'doubling'],
    async act(scene) {
      await makeStore(scene, { replicas: 3 });
      await scene.edit({ memory: '48Mi' });
      await scene.when(
        'is replicated',
        (status) => status.topology?.mode === 'Replicated' && is(status, 'Ready', 'True'),
      );
      await scene.ready();
      const body = { metadata: { annotations: { [FAILOVER_ANNOTATION]: '2026-01-01T00:00:00Z' } } };
      await scene.client.patch(kvStores, { namespace: scene.namespace, name: 'main' }, body, { type: 'merge' });
      await scene.when('has another primary', ({ failover }) => failover?.requestedFor !== undefined);
      await scene.ready();
      await write(scene, later, '3');
    },
  },
  {
    name: 'shards',
    about: 'two shards become one cluster with data, change in memory and become three',
    catches: ['forgetful', 'edge-triggered', 'doubling'],
    async act(scene) {
      await makeStore(scene, { shards: 2 });
      await fill(scene);
      await scene.edit({ shards: 3, memory: '48Mi' });
      await scene.when('has three shards', (status) => status.topology?.members === 3 && hasSettled(status));
      await write(scene, later, '3');
    },
  },
  {
    name: 'backup',
    about: 'backed up to a volume, the backup deleted with what it stored, and the store after a last one',
    catches: ['forgetful', 'doubling'],
    async prepare(scene) {
      await makeStore(scene);
      await makeVault(scene);
    },
    async act(scene) {
      await backUp(scene);
      await scene.edit({ deletionPolicy: 'Backup', backup: { target: VAULT } });
      await scene.until('its deletion waits', async () => (await scene.store())?.metadata.finalizers?.length);
      await scene.client.delete(kvStores, { namespace: scene.namespace, name: 'main' });
      await scene.until('the store is gone after its last backup', async () => {
        const claim = { namespace: scene.namespace, name: childNames('main').volumeClaim };
        return (
          !(await scene.store()) && !(await scene.pod()) && !(await scene.client.get(persistentVolumeClaims, claim))
        );
      });
      await scene.create();
      await scene.ready();
      await write(scene, later, '3');
    },
  },
  {
    name: 'restore',
    about: 'its data replaced by a backup, with a restart in between',
    catches: ['forgetful', 'doubling'],
    prepare: (scene) => makeStore(scene),
    async act(scene) {
      const restoreFrom = await offerBackup(scene, await storedBackup());
      await scene.edit({ restoreFrom: { ...restoreFrom, overwriteData: true } });
      await restored(scene);
      await write(scene, later, '3');
    },
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
];

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

const hasBackup = async (redis: Redis) => (await redis.get(kept)) === OF_BACKUP && (await redis.ttl(brief)) > 0;

/** Waits until the backup is in place and all that the restore needed is gone. */
async function restored(scene: Scene): Promise<void> {
  await scene.when('is restored', ({ restore }) => restore?.phase === 'Completed');
  await scene.ready();
  await scene.until('it has the data of the backup', async () =>
    (await scene.redis('dataplane', hasBackup)).some(Boolean),
  );
  const key = { namespace: scene.namespace, name: restorePodName('main', 0) };
  await scene.until('its pod is gone', async () => {
    const claim = await scene.client.get(persistentVolumeClaims, { ...key, name: childNames('main').volumeClaim });
    return !(await scene.client.get(pods, key)) && !JSON.stringify(claim).includes('dirty');
  });
}

/** The target that `makeVault` makes. */
export const VAULT = { volume: { claimName: 'vault' } };

/** Makes a claim on which backups are kept. */
export async function makeVault({ client, namespace }: Scene): Promise<void> {
  const metadata = { name: 'vault', namespace, labels: { 'app.kubernetes.io/managed-by': 'cubby' } };
  const spec = { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } };
  await client.create(persistentVolumeClaims, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec });
}

/** Makes a backup of the store, and deletes it with what it stored. */
async function backUp(scene: Scene): Promise<void> {
  const key = { namespace: scene.namespace, name: 'one' };
  const spec = { storeRef: { name: 'main' }, target: VAULT, deletionPolicy: 'Delete' };
  await scene.client.create(kvBackups, { apiVersion: API_VERSION, kind: 'KVBackup', metadata: key, spec });
  await scene.until('the backup is complete', async () => {
    const { status } = (await scene.client.get<KVBackup>(kvBackups, key)) ?? {};
    return status?.phase === 'Completed' && status.keys === 2;
  });
  await scene.client.delete(kvBackups, key);
  await scene.until('the backup is gone', async () => !(await scene.client.get(kvBackups, key)));
}

/** All of it once, for what goes wrong all the time. */
export const life: Suite = {
  name: 'life',
  about: 'created with a token, changed, upgraded, hibernated and woken',
  catches: [],
  async act(scene) {
    await makeStore(scene, { version: '7.0' });
    await scene.createToken();
    await scene.edit({ memory: '48Mi', config: { hz: '25' }, access: { redis: true } });
    await scene.ready();
    await scene.edit({ version: '8.0', deletionPolicy: 'Delete' });
    await scene.when('runs 8.0', (status) => status.version?.startsWith('8.0') && is(status, 'Ready', 'True'));
    await scene.edit({ enabled: false });
    await scene.when('is hibernated', ({ phase }) => phase === 'Hibernated');
    await scene.until('the pod is gone', async () => !(await scene.pod()));
    await scene.edit({ enabled: true, access: null });
    await scene.ready();
    await write(scene, later, '3');
  },
};

/** Makes a store that runs, with one value that stays and one that will expire. */
export async function makeStore(scene: Scene, spec: Record<string, unknown> = {}): Promise<void> {
  await scene.create(spec);
  await scene.ready();
  await write(scene, kept, '1');
  await write(scene, brief, '2', 'EX', '3600');
}

/** So many keys that every shard has some. */
async function fill(scene: Scene): Promise<void> {
  for (let i = 0; i < 48; i++) await write(scene, `filler:${i}`, 'x'.repeat(i * 50));
}

function hasSettled(status: NonNullable<KVStore['status']>): boolean {
  return is(status, 'Ready', 'True') && !is(status, 'Progressing', 'True') && hasEvenShards(status);
}

/** Tries for as long as Redis restarts. */
async function write(scene: Scene, ...args: string[]): Promise<void> {
  const set = async () => (await scene.redis('dataplane', (redis) => redis.call('SET', ...args))).length > 0;
  await scene.until(`${args[0]} is written`, set);
}

/** Deletes the store, and waits for the end of all that goes with it. */
export async function removeStore(scene: Scene): Promise<void> {
  const { client, namespace, store } = scene;
  const takesVolume = (await store())?.spec.deletionPolicy === 'Delete';
  const kinds = [pods, configMaps, ...(takesVolume ? [persistentVolumeClaims] : [])];
  await client.delete(kvStores, { namespace, name: 'main' });
  const isGone = async () => {
    const lists = await Promise.all(kinds.map((kind) => client.list(kind, { namespace })));
    return lists.every(({ items }) => items.length === 0);
  };
  await scene.until('all is gone', isGone);
}
