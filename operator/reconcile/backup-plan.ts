import { backupObject } from '../../contract/backup.ts';
import type { KVBackup, KVStore } from '../../contract/objects.ts';
import type { BackupLocation } from '../resources/backup-place.ts';
import type { BackupEndReason, BackupWaitReason } from '../status/backup-status.ts';
import type { Finding } from '../status/finding.ts';
import { paused } from '../status/paused.ts';

/** What a backup is to be made of, and where it goes. */
export interface BackupPlan {
  store: KVStore;
  location: BackupLocation;
}

/** A backup cannot begin yet. */
export interface Wait extends Finding<BackupWaitReason> {
  againInMs: number;
}

/** How soon to look again, in ms: while another has its turn or a store comes up, and while Redis takes the user. */
export const LOOK_MS = 5_000;
export const SOON_MS = 500;

/** What keeps a backup from beginning, to be looked at again after `againInMs`. */
export const wait = (reason: BackupWaitReason, message: string, againInMs = LOOK_MS): { wait: Wait } => ({
  wait: { reason, message, againInMs },
});
const end = (reason: BackupEndReason, message: string): { end: Finding<BackupEndReason> } => ({
  end: { reason, message },
});

/** What a backup is made of, why it must wait, or why it cannot be made; `isFinal` of one that a deletion waits for. */
export function planBackup(
  { spec, metadata, status }: KVBackup,
  store: KVStore | undefined,
  isFinal: boolean,
): { plan: BackupPlan } | { wait: Wait } | { end: Finding<BackupEndReason> } {
  const { name } = spec.storeRef;
  const hasBegun = status?.source?.uid !== undefined;
  if (!store) {
    const message = `there is no KVStore ${name} in the namespace ${metadata.namespace}`;
    return hasBegun ? end('StoreReplaced', `${message} any more`) : wait('StoreNotFound', `${message}; create it`);
  }
  if (hasBegun && status.source?.uid !== store.metadata.uid)
    return end(
      'StoreReplaced',
      `the KVStore ${name} is another one than when this backup began; create another KVBackup`,
    );
  const location = locationOf({ spec, metadata, status } as KVBackup, store);
  if (!location)
    return wait(
      'TargetMissing',
      `nothing says where to; set spec.backup of the KVStore ${name}, or create a KVBackup with spec.target`,
    );
  if (!store.spec.enabled && !isFinal)
    return wait(
      'StoreHibernated',
      'the store is hibernated, so its data does not change; spec.enabled: true wakes it, and the backup begins then',
    );
  if (paused(store) && !store.metadata.deletionTimestamp)
    return wait(
      'StoreNotReady',
      'reconciliation of the store is paused by annotation; the backup begins when it goes on',
    );
  return { plan: { store, location } };
}

/** Where the backup goes: fixed when it begins, whatever becomes of the store's spec.backup. */
function locationOf(backup: KVBackup, store: KVStore): BackupLocation | undefined {
  const { spec, status } = backup;
  if (status?.location) return status.location as unknown as BackupLocation;
  const target = spec.target ?? store.spec.backup?.target;
  if (!target) return undefined;
  const encryption = spec.encryption ?? (spec.target ? undefined : store.spec.backup?.encryption);
  const { namespace, name, uid } = backup.metadata;
  const object = backupObject(target, { namespace, store: spec.storeRef.name, backup: name, uid });
  return { object, target, ...(encryption && { encryption }) };
}
