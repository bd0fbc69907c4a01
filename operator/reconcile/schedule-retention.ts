import type { KVBackup, KVBackupSchedule, KVStore } from '../../contract/objects.ts';
import { isConflict } from '../../kube/errors.ts';
import { keyOf } from '../../kube/object.ts';
import type { Context } from './context.ts';
import { kvBackups } from './kinds.ts';
import { restoreDigest } from './restore-record.ts';
import { outlived } from './retention.ts';

/** Each deletion takes a pod, and a shorter retention may ask for hundreds. */
const AT_ONCE = 10;
/** A deletion that takes longer, in ms, is not waited for: what it lacks may never come. */
const PATIENCE_MS = 60_000;

/** Deletes what a schedule keeps no longer, the oldest first, some at a time; never what a store is to be restored from. */
export async function removeOutlived(
  context: Pick<Context, 'client' | 'caches' | 'events' | 'now'>,
  schedule: KVBackupSchedule,
  backups: readonly KVBackup[],
  signal: AbortSignal,
): Promise<void> {
  const now = context.now();
  const excess = outlived(backups, schedule.spec.retention, now);
  if (excess.length === 0) return;
  const stores = context.caches.stores.list(schedule.metadata.namespace);
  const removable = excess.filter(({ metadata }) => !stores.some((store) => isRestoredFrom(store, metadata.name)));
  const going = backups.filter(({ metadata: { deletionTimestamp } }) => {
    return deletionTimestamp !== undefined && now.getTime() - Date.parse(deletionTimestamp) < PATIENCE_MS;
  });
  for (const backup of removable.toReversed().slice(0, Math.max(0, AT_ONCE - going.length)))
    await remove(context, schedule, backup, signal);
}

/** Whether a store names that backup to be restored from, and has not been yet. */
function isRestoredFrom(store: KVStore, backup: string): boolean {
  const { metadata, spec, status } = store;
  if (spec.restoreFrom?.backupRef?.name !== backup) return false;
  const isSeen = status?.observedGeneration === metadata.generation;
  return !isSeen || status?.restore?.phase !== 'Completed' || status.restore.from !== restoreDigest(store);
}

async function remove(
  { client, events }: Pick<Context, 'client' | 'events'>,
  schedule: KVBackupSchedule,
  backup: KVBackup,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.delete(kvBackups, keyOf(backup), { preconditions: { uid: backup.metadata.uid }, signal });
  } catch (error) {
    if (!isConflict(error)) throw error; // another of its name by now
    return;
  }
  const message = `spec.retention keeps the KVBackup ${backup.metadata.name} no longer`;
  events.record(schedule, 'Normal', 'BackupOutlived', message);
}
