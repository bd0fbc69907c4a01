import { setTimeout as sleep } from 'node:timers/promises';
import { API_VERSION, type KVBackup, type KVStore } from '../../contract/objects.ts';
import { isRestoreOver } from '../../contract/restore.ts';
import type { KubeObject } from '../../kube/object.ts';
import { findBackup } from '../access/backups.ts';
import { FIELD_MANAGER, kvStores } from '../access/kinds.ts';
import { type PlaceOptions, placeOf } from '../access/place.ts';
import { editStore, findStore } from '../access/stores.ts';
import { CliError, EXIT } from '../errors.ts';
import { formatBytes } from '../output/words.ts';
import type { Session } from '../session.ts';
import { followStore } from './follow.ts';
import { viewStore } from './stores.ts';

interface RestoreOptions extends PlaceOptions {
  backup?: string;
  object?: string;
  overwriteData?: true;
  version?: string;
  memory?: string;
  wait: boolean;
  timeout: number;
}

/** How long the operator may take to see a change, in ms, and how often that is looked at. */
const SEEN_MS = 30_000;
const POLL_MS = 200;

/** `cubby restore` */
export async function restore(session: Session, [name]: [string], options: RestoreOptions) {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  const live = await client.get<KVStore>(kvStores, { namespace, name });
  const from = await sourceOf(session, options, live);
  const store = live ? await intoLive(session, live, from, options) : await intoNew(session, name, from, options);
  const { output } = session;
  if (!options.wait) {
    output.show(
      viewStore(store),
      () => `the restore is asked for; follow it with: cubby status ${name} -n ${namespace}\n`,
    );
    return;
  }
  const after = live?.status?.restore?.finishedAt;
  const done = await followStore(session, store, { restore: { after } }, options.timeout);
  const { restore: result } = done.status ?? {};
  output.show({ ...viewStore(done), restore: result ?? null }, () => {
    const expected = result?.expectedKeys ?? 'an unknown number of';
    return `${name} has ${result?.keys ?? 'an unknown number of'} keys of ${expected}, ${formatBytes(result?.bytes ?? 0)}\n`;
  });
}

/** Without its confirmation, as spec.restoreFrom has it. */
type Source = { backupRef: { name: string } } | { object: { path: string; target: object; encryption?: object } };

async function sourceOf(session: Session, options: RestoreOptions, live: KVStore | undefined): Promise<Source> {
  const { backup, object } = options;
  const place = placeOf(options);
  if (backup !== undefined && object === undefined && !place) {
    const { status } = await findBackup(session, backup);
    if (status?.phase === 'Completed') return { backupRef: { name: backup } };
    throw new CliError(EXIT.conflict, `the backup ${backup} is not complete`, 'see which are: cubby backups');
  }
  if (object !== undefined && backup === undefined) {
    const at = place ?? live?.spec.backup;
    if (at) return { object: { path: object, ...at } };
    throw new CliError(EXIT.usage, 'it is not said where the object is', 'name its place by --place');
  }
  throw new CliError(EXIT.usage, 'name either a --backup, or an --object and its --place');
}

async function intoLive(session: Session, live: KVStore, from: Source, options: RestoreOptions): Promise<KVStore> {
  const { name } = live.metadata;
  if (options.version !== undefined || options.memory !== undefined) {
    throw new CliError(EXIT.usage, `the store ${name} is there; --version and --memory are for a new one`);
  }
  if (!options.overwriteData) {
    const remedy = 'confirm with --overwrite-data that its data may be replaced, or name a new store';
    throw new CliError(EXIT.conflict, `the store ${name} is there, with data of its own`, remedy);
  }
  const wanted = { ...from, overwriteData: true };
  // Two patches, because a merge would leave parts of an earlier restoreFrom in this one.
  const without = live.spec.restoreFrom ? await editStore(session, name, { restoreFrom: null }) : live;
  if (isRestoreOver(live)) await untilSeen(session, without);
  return editStore(session, name, { restoreFrom: wanted });
}

/** What was restored is restored again only when the operator has seen that it was asked for no more. */
async function untilSeen(session: Session, store: KVStore): Promise<void> {
  const { name, generation } = store.metadata;
  for (const end = Date.now() + SEEN_MS; (store.status?.observedGeneration ?? 0) < generation; ) {
    if (Date.now() > end) {
      const message = `the operator has not seen that an earlier restore of ${name} is asked for no more`;
      throw new CliError(EXIT.unavailable, message, 'look whether it runs, and run this again');
    }
    await sleep(POLL_MS, undefined, { signal: session.signal });
    store = await findStore(session, name);
  }
}

async function intoNew(session: Session, name: string, from: Source, options: RestoreOptions): Promise<KVStore> {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  const backup = options.backup === undefined ? undefined : await findBackup(session, options.backup);
  const source = backup && (await originOf(session, backup));
  const version = options.version ?? source?.spec.version;
  const image = options.version === undefined ? source?.spec.image : undefined;
  if (version === undefined && image === undefined) {
    const remedy = 'give --version; cubby backups -o wide shows which Redis made the backup';
    throw new CliError(EXIT.usage, `it is not known which Redis ${name} is to run`, remedy);
  }
  const memory = options.memory ?? source?.spec.memory ?? '256Mi';
  const { mode = 'aof', size, storageClassName } = source?.spec.persistence ?? {};
  const persistence = { mode, ...(size && { size }), ...(storageClassName && { storageClassName }) };
  const shards = backup?.status?.shards;
  const replicas = shards === undefined ? source?.spec.replicas : undefined;
  const members = { ...(shards !== undefined && { shards }), ...(replicas !== undefined && { replicas }) };
  const spec = { version, image, memory, persistence, ...members, restoreFrom: { ...from, overwriteData: false } };
  const object: KubeObject = { apiVersion: API_VERSION, kind: 'KVStore', metadata: { namespace, name }, spec };
  return (await client.create(kvStores, object, { fieldManager: FIELD_MANAGER })) as unknown as KVStore;
}

/** The store that a backup is of, where it is still there: a copy is made like it. */
async function originOf(session: Session, { metadata, spec }: KVBackup): Promise<KVStore | undefined> {
  const { client } = await session.cluster();
  return client.get<KVStore>(kvStores, { namespace: metadata.namespace, name: spec.storeRef.name });
}
