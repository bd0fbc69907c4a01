import type { BackupEncryption, BackupPlace, BackupTarget } from '../../contract/backup.ts';
import type { KVBackup, KVStore } from '../../contract/objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { kvBackups } from './kinds.ts';

/** Where the backup of a spec.restoreFrom is, or why that is not known. */
export type RestoreSource =
  | { place: BackupPlace; encryption: BackupEncryption | undefined; refusal?: undefined; wait?: undefined }
  | { refusal: string; wait?: undefined }
  /** It may come to be known without a change of spec. */
  | { wait: string; refusal?: undefined };

/** Finds the backup that a store is to be restored from; undefined where it is to be restored from none. */
export async function findSource(
  client: Pick<KubeClient, 'get'>,
  { metadata: { namespace }, spec: { restoreFrom } }: KVStore,
  signal: AbortSignal,
): Promise<RestoreSource | undefined> {
  if (restoreFrom?.object) {
    const { target, path, encryption } = restoreFrom.object;
    return { place: { target, object: path, encrypted: encryption !== undefined }, encryption };
  }
  if (!restoreFrom?.backupRef) return undefined;
  const { name } = restoreFrom.backupRef;
  return sourceOf(name, await client.get<KVBackup>(kvBackups, { namespace, name }, { signal }));
}

/** Where a KVBackup has its data, once it is complete. */
export function sourceOf(name: string, backup: Pick<KVBackup, 'status'> | undefined): RestoreSource {
  if (!backup)
    return {
      refusal: `there is no KVBackup ${name} in this namespace; correct spec.restoreFrom.backupRef, or name the backup's place in spec.restoreFrom.object`,
    };
  const { phase, location, encrypted = false } = backup.status ?? {};
  if (phase === 'Failed')
    return { refusal: `the KVBackup ${name} has failed; name another one in spec.restoreFrom.backupRef` };
  if (phase !== 'Completed' || !location) return { wait: `waiting until the KVBackup ${name} is completed` };
  return {
    place: { target: location.target as unknown as BackupTarget, object: location.object, encrypted },
    encryption: location.encryption as unknown as BackupEncryption | undefined,
  };
}
