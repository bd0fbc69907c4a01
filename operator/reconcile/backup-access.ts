import { randomBytes } from 'node:crypto';
import { aclPasswordHash } from '../../contract/credentials.ts';
import { childNames } from '../../contract/names.ts';
import type { KVBackup, KVStore } from '../../contract/objects.ts';
import { isAlreadyExists, isConflict } from '../../kube/errors.ts';
import { controllerOf, controllerReference, type KubeObject } from '../../kube/object.ts';
import { secrets } from '../../kube/resources.ts';
import { backupSecret } from '../resources/backup-secret.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import type { Secret } from './kinds.ts';

/** The guest `backup` of a store, as `storeAcl` takes him: he is there while the Secret with his password is. */
export function backupGuest(
  cached: Context['caches']['secrets'],
  { metadata: { namespace, name } }: Pick<KVStore, 'metadata'>,
): { backup?: string[] } {
  const secret = cached.get({ namespace, name: childNames(name).backupSecret });
  const password = secret && passwordOf(secret);
  return password === undefined ? {} : { backup: [aclPasswordHash(password)] };
}

/** The password that a KVBackup's Secret holds; undefined in one that is going, or is not a KVBackup's. */
function passwordOf(secret: Secret): string | undefined {
  if (secret.metadata.deletionTimestamp || controllerOf(secret)?.kind !== 'KVBackup') return undefined;
  return Buffer.from(secret.data?.password ?? '', 'base64').toString() || undefined;
}

/** Name of the KVBackup that has its turn of a store, whose pod may be reading it; undefined where none has. */
export function turnHolder(
  cached: Context['caches']['secrets'],
  { metadata: { namespace, name } }: Pick<KVStore, 'metadata'>,
): string | undefined {
  const secret = cached.get({ namespace, name: childNames(name).backupSecret });
  return secret && passwordOf(secret) !== undefined ? controllerOf(secret)?.name : undefined;
}

/** Whether a backup has the store to itself, and by which password; `holder` is who has it instead. */
export type Turn = { password: string } | { holder: string } | 'soon';

/** Takes the turn of a store for a backup, where no other has it: the API server makes the Secret once. */
export async function takeTurn(
  { client, caches }: Pick<Context, 'client' | 'caches'>,
  backup: KVBackup,
  signal: AbortSignal,
): Promise<Turn> {
  const { namespace } = backup.metadata;
  const { name } = backup.spec.storeRef;
  const found = caches.secrets.get({ namespace, name: childNames(name).backupSecret });
  if (found) {
    const controller = controllerOf(found);
    if (controller?.uid !== backup.metadata.uid) return { holder: `${controller?.kind} ${controller?.name}` };
    const password = passwordOf(found);
    return password === undefined ? 'soon' : { password };
  }
  const manifest = backupSecret(namespace, name, randomBytes(24).toString('base64url'));
  const metadata = { ...manifest.metadata, ownerReferences: [controllerReference(backup)] };
  try {
    await client.create<KubeObject>(secrets, { ...manifest, metadata }, { fieldManager: FIELD_MANAGER, signal });
    return 'soon'; // the cache will show it, and the store's reconcile lets the user in
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const holder = await client.get<Secret>(secrets, { namespace, name: manifest.metadata.name }, { signal });
    const controller = holder && controllerOf(holder);
    if (!holder || controller?.kind === 'KVBackup') return 'soon';
    return { holder: `the Secret ${manifest.metadata.name}, which is not a backup's: delete it` };
  }
}

/** Gives the turn back: the store's Redis takes the user no longer. Another's is left alone. */
export async function leaveTurn(
  { client, caches }: Pick<Context, 'client' | 'caches'>,
  { metadata, spec }: KVBackup,
  signal: AbortSignal,
): Promise<void> {
  const key = { namespace: metadata.namespace, name: childNames(spec.storeRef.name).backupSecret };
  const secret = caches.secrets.get(key);
  if (!secret || secret.metadata.deletionTimestamp || controllerOf(secret)?.uid !== metadata.uid) return;
  try {
    await client.delete(secrets, key, { preconditions: { uid: secret.metadata.uid }, signal });
  } catch (error) {
    if (!isConflict(error)) throw error; // another's by now
  }
}
