import { isDeepStrictEqual } from 'node:util';
import { API_VERSION, type KVStore } from '../../contract/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { FIELD_MANAGER, kvStores } from '../access/kinds.ts';
import { type PlaceOptions, placeOf } from '../access/place.ts';
import { editStore } from '../access/stores.ts';
import { CliError, EXIT } from '../errors.ts';
import { formatBytes } from '../output/words.ts';
import type { Session } from '../session.ts';
import { findBackup } from './backup.ts';
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
  // What failed before may be asked for once more; what was completed is not done again.
  const before = live?.status?.restore;
  const after = before?.phase === 'Completed' ? before.from : undefined;
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
  if (isDeepStrictEqual(live.spec.restoreFrom, wanted) && live.status?.restore?.phase === 'Completed') {
    const remedy = 'to restore it again name its object, as cubby backups -o wide shows it, by --object';
    throw new CliError(EXIT.conflict, 'this backup is restored already, and each is restored once', remedy);
  }
  // Two patches, because a merge would leave parts of an earlier restoreFrom in this one.
  if (live.spec.restoreFrom) await editStore(session, name, { restoreFrom: null });
  return editStore(session, name, { restoreFrom: wanted });
}

async function intoNew(session: Session, name: string, from: Source, options: RestoreOptions): Promise<KVStore> {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  const source = await originOf(session, options);
  const version = options.version ?? source?.spec.version;
  const image = options.version === undefined ? source?.spec.image : undefined;
  if (version === undefined && image === undefined) {
    const remedy = 'give --version; cubby backups -o wide shows which Redis made the backup';
    throw new CliError(EXIT.usage, `it is not known which Redis ${name} is to run`, remedy);
  }
  const memory = options.memory ?? source?.spec.memory ?? '256Mi';
  const { mode = 'aof', size, storageClassName } = source?.spec.persistence ?? {};
  const persistence = { mode, ...(size && { size }), ...(storageClassName && { storageClassName }) };
  const spec = { version, image, memory, persistence, restoreFrom: { ...from, overwriteData: false } };
  const object: KubeObject = { apiVersion: API_VERSION, kind: 'KVStore', metadata: { namespace, name }, spec };
  return (await client.create(kvStores, object, { fieldManager: FIELD_MANAGER })) as unknown as KVStore;
}

/** The store that a backup is of, where it is still there: a copy is made like it. */
async function originOf(session: Session, { backup }: RestoreOptions): Promise<KVStore | undefined> {
  if (backup === undefined) return undefined;
  const { client } = await session.cluster();
  const { metadata, spec } = await findBackup(session, backup);
  return client.get<KVStore>(kvStores, { namespace: metadata.namespace, name: spec.storeRef.name });
}
