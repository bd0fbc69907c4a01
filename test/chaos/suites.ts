import { FAILOVER_ANNOTATION } from '../../contract/labels.ts';
import { childNames } from '../../contract/names.ts';
import { API_VERSION, type KVBackup } from '../../contract/objects.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import { kvBackups, kvStores } from '../integration/operator/world.ts';
import { fill, hasSettled, makeStore, removeStore, type Suite, write } from './acts.ts';
import { restoreSuites } from './restore-suites.ts';
import { is, type Scene } from './scene.ts';
import { KEYS } from './state.ts';

const [kept, , later] = KEYS;

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
    catches: ['doubling'],
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
  ...restoreSuites,
];

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
