import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { STORED_FINALIZER } from '../../contract/labels.ts';
import { API_VERSION, type KVBackup } from '../../contract/objects.ts';
import { isAlreadyExists, isTransient } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { FIELD_MANAGER, kvBackups } from '../access/kinds.ts';
import { type PlaceOptions, placeOf } from '../access/place.ts';
import { findStore } from '../access/stores.ts';
import { CliError, EXIT } from '../errors.ts';
import { formatAge, formatBytes } from '../output/words.ts';
import type { Session } from '../session.ts';
import { viewBackup } from './backups.ts';

interface CreateOptions extends PlaceOptions {
  name?: string;
  deleteData?: true;
  wait: boolean;
  timeout: number;
}

const POLL_MS = 500;
const STORE_PART = 28;

/** `cubby backup` and `cubby backup create` */
export async function create(session: Session, [store]: [string], options: CreateOptions) {
  const { client } = await session.cluster();
  const place = placeOf(options);
  const { metadata, spec: wanted } = await findStore(session, store);
  if (!place && !wanted.backup) {
    const remedy = 'set spec.backup.target of the KVStore, or name a place by --place';
    throw new CliError(EXIT.usage, `the store ${store} does not say where its backups go`, remedy);
  }
  if (options.wait && !wanted.enabled) {
    const remedy = `wake it with: cubby enable ${store}, or give --no-wait to have the backup begin when somebody does`;
    throw new CliError(EXIT.conflict, `the store ${store} is hibernated, so its data does not change`, remedy);
  }
  const { namespace } = metadata;
  const name = options.name ?? nameOf(store, new Date());
  const deletionPolicy = options.deleteData ? 'Delete' : 'Retain';
  const spec = { storeRef: { name: store }, deletionPolicy, ...place };
  const object: KubeObject = { apiVersion: API_VERSION, kind: 'KVBackup', metadata: { namespace, name }, spec };
  await client.create(kvBackups, object, { fieldManager: FIELD_MANAGER }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
    throw new CliError(EXIT.conflict, `there is a KVBackup ${namespace}/${name}`, 'choose another --name');
  });
  if (!options.wait) {
    const made = await findBackup(session, name);
    session.output.show(viewBackup(made), () => `${name} is asked for; see how far it is with: cubby backups\n`);
    return;
  }
  const done = await follow(session, name, options.timeout);
  const view = viewBackup(done);
  session.output.show(view, () => {
    const what = `${view.keys === 1 ? '1 key' : `${view.keys} keys`}, ${formatBytes(view.size ?? 0)}`;
    return `${name} is complete: ${what} in ${view.place}\nrestore it with: cubby restore NEW --backup ${name}\n`;
  });
}

/** `cubby backup delete` */
export async function remove(session: Session, [name]: [string], { data }: { data?: 'keep' | 'delete' }) {
  const { client } = await session.cluster();
  const { metadata, spec } = await findBackup(session, name);
  const key = { namespace: metadata.namespace, name };
  const deletionPolicy = data === undefined ? spec.deletionPolicy : data === 'keep' ? 'Retain' : 'Delete';
  if (deletionPolicy !== spec.deletionPolicy) {
    const { resourceVersion, finalizers = [] } = metadata;
    const options = { type: 'merge', fieldManager: FIELD_MANAGER, resourceVersion } as const;
    // It would be gone before the operator could see what is to become of its data.
    const held = deletionPolicy === 'Delete' && !metadata.deletionTimestamp;
    const body = { spec: { deletionPolicy }, ...(held && { metadata: { finalizers: hold(finalizers) } }) };
    await client.patch(kvBackups, key, body, options);
  }
  await client.delete(kvBackups, key, { preconditions: { uid: metadata.uid } });
  const { output } = session;
  output.show({ namespace: metadata.namespace, name, deleted: true, dataDeleted: deletionPolicy === 'Delete' }, () =>
    deletionPolicy === 'Delete'
      ? `${name} is being deleted, with what it stored\n`
      : `${name} is deleted; what it stored is kept\n`,
  );
}

const hold = (finalizers: readonly string[]) => [...new Set([...finalizers, STORED_FINALIZER])];

/** The backup of that name in the session's namespace. */
export async function findBackup(session: Session, name: string): Promise<KVBackup> {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  const found = await client.get<KVBackup>(kvBackups, { namespace, name }, { signal: session.signal });
  if (found) return found;
  throw new CliError(
    EXIT.notFound,
    `there is no backup ${namespace}/${name}`,
    'see those that there are: cubby backups',
  );
}

/** Tells on standard error how a backup comes on, and resolves with it once it is whole and stored. */
async function follow(session: Session, name: string, timeoutSeconds: number): Promise<KVBackup> {
  const start = Date.now();
  let shown = '';
  session.leaves(`the backup goes on; see it with: cubby backups, or end it with: cubby backup delete ${name}`);
  for (let backup = await findBackup(session, name); ; ) {
    const { state, message, progressBytes } = viewBackup(backup);
    const elapsed = Date.now() - start;
    if (state === 'Completed') {
      session.leaves(undefined);
      return backup;
    }
    if (state === 'Failed' || state === 'Deleting') {
      throw new CliError(EXIT.error, `the backup ${name} failed: ${message ?? 'it is being deleted'}`);
    }
    const sent = !progressBytes ? '' : `, ${formatBytes(progressBytes)} sent`;
    const step = `${message ?? 'waiting for the operator'}${sent}`;
    if (step !== shown) {
      shown = step;
      session.output.note(`${formatAge(elapsed).padStart(5)}  ${step}`);
    }
    if (elapsed > timeoutSeconds * 1000) {
      const text = `not complete within ${formatAge(timeoutSeconds * 1000)}: ${step}`;
      throw new CliError(EXIT.unavailable, text, 'it goes on; see cubby backups, or give more time by --timeout');
    }
    await sleep(POLL_MS, undefined, { signal: session.signal });
    const before = backup;
    backup = await findBackup(session, name).catch((error: unknown) => {
      if (isTransient(error)) return before;
      throw error;
    });
  }
}

/** `<store>-<yyyymmdd>-<hhmm>-<6 hex digits>`, in UTC; at most as long as a KVBackup's name may be. */
function nameOf(store: string, now: Date): string {
  const [day = '', time = ''] = now.toISOString().replace(/[-:]/g, '').split('T');
  return `${store.slice(0, STORE_PART)}-${day}-${time.slice(0, 4)}-${randomBytes(3).toString('hex')}`;
}
