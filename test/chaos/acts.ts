import type { KVStore } from '../../contract/objects.ts';
import { configMaps, persistentVolumeClaims, pods } from '../../kube/resources.ts';
import { kvStores } from '../integration/operator/world.ts';
import type { PlantName } from './plants.ts';
import { is, type Scene } from './scene.ts';
import { hasEvenShards, KEYS } from './state.ts';

const [kept, brief] = KEYS;

/** A part of a store's life. Operators die while `act` runs and until its end is reached; before that all is well. */
export interface Suite {
  name: string;
  about: string;
  /** The planted bugs that show in it; the others are healed by what comes after them in this part of a life. */
  catches: readonly PlantName[];
  prepare?: (scene: Scene) => Promise<void>;
  act: (scene: Scene) => Promise<void>;
}

/** Makes a store that runs, with one value that stays and one that will expire. */
export async function makeStore(scene: Scene, spec: Record<string, unknown> = {}): Promise<void> {
  await scene.create(spec);
  await scene.ready();
  await write(scene, kept, '1');
  await write(scene, brief, '2', 'EX', '3600');
}

/** So many keys that every shard has some. */
export async function fill(scene: Scene): Promise<void> {
  for (let i = 0; i < 48; i++) await write(scene, `filler:${i}`, 'x'.repeat(i * 50));
}

/** Whether nothing is on its way, and no shard has more slots than another. */
export function hasSettled(status: NonNullable<KVStore['status']>): boolean {
  return is(status, 'Ready', 'True') && !is(status, 'Progressing', 'True') && hasEvenShards(status);
}

/** Tries for as long as Redis restarts. */
export async function write(scene: Scene, ...args: string[]): Promise<void> {
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
