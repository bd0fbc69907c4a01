import { randomBytes } from 'node:crypto';
import { askedBackupName, finalizersToDeleteStored } from '../../contract/new-backup.ts';
import { API_VERSION } from '../../contract/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { findBackup } from '../access/backups.ts';
import { FIELD_MANAGER, kvBackups } from '../access/kinds.ts';
import { type PlaceOptions, placeOf } from '../access/place.ts';
import { findStore } from '../access/stores.ts';
import { CliError, EXIT } from '../errors.ts';
import type { Session } from '../session.ts';
import { makeBackup, type WaitOptions } from './backup-make.ts';

interface CreateOptions extends PlaceOptions, WaitOptions {
  name?: string;
  deleteData?: true;
}

/** `cubby backup` and `cubby backup create` */
export async function create(session: Session, [of]: [string], options: CreateOptions) {
  const place = placeOf(options);
  const store = await findStore(session, of);
  const { metadata, spec: wanted } = store;
  if (!place && !wanted.backup) {
    const remedy = 'set spec.backup.target of the KVStore, or name a place by --place';
    throw new CliError(EXIT.usage, `the store ${of} does not say where its backups go`, remedy);
  }
  const { namespace } = metadata;
  const name = options.name ?? askedBackupName(of, new Date(), randomBytes(3));
  const deletionPolicy = options.deleteData ? 'Delete' : 'Retain';
  const spec = { storeRef: { name: of }, deletionPolicy, ...place };
  const object: KubeObject = { apiVersion: API_VERSION, kind: 'KVBackup', metadata: { namespace, name }, spec };
  await makeBackup(session, store, object, options);
}

/** `cubby backup delete` */
export async function remove(session: Session, [name]: [string], { data }: { data?: 'keep' | 'delete' }) {
  const { client } = await session.cluster();
  const found = await findBackup(session, name);
  const { metadata, spec } = found;
  const key = { namespace: metadata.namespace, name };
  const deletionPolicy = data === undefined ? spec.deletionPolicy : data === 'keep' ? 'Retain' : 'Delete';
  if (deletionPolicy !== spec.deletionPolicy) {
    const { resourceVersion } = metadata;
    const options = { type: 'merge', fieldManager: FIELD_MANAGER, resourceVersion } as const;
    const finalizers = deletionPolicy === 'Delete' ? finalizersToDeleteStored(found) : undefined;
    const body = { spec: { deletionPolicy }, ...(finalizers && { metadata: { finalizers } }) };
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
