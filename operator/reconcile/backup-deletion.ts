import { STORED_FINALIZER } from '../../contract/labels.ts';
import type { KVBackup } from '../../contract/objects.ts';
import type { ReconcileResult } from '../../kube/controller.ts';
import { keyOf } from '../../kube/object.ts';
import { type BackupLocation, placeOf } from '../resources/backup-place.ts';
import { backupStatus } from '../status/backup-status.ts';
import { leaveTurn } from './backup-access.ts';
import { jobPod, removePod, workOff } from './backup-jobs.ts';
import type { BackupRun } from './backup-run.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import { kvBackups } from './kinds.ts';

/** Puts the finalizer on a backup of deletionPolicy Delete, before anything is stored, and takes it off others; whether it had to. */
export async function keepFinalizer(
  context: Pick<Context, 'client'>,
  backup: KVBackup,
  signal: AbortSignal,
): Promise<boolean> {
  const { finalizers = [] } = backup.metadata;
  const wanted = backup.spec.deletionPolicy === 'Delete';
  if (finalizers.includes(STORED_FINALIZER) === wanted) return false;
  const others = finalizers.filter((finalizer) => finalizer !== STORED_FINALIZER);
  await setFinalizers(context, backup, wanted ? [...others, STORED_FINALIZER] : others, signal);
  return true;
}

/** Removes what a backup that is being deleted has stored, where that is asked for, and lets it go. */
export async function removeStored(run: BackupRun): Promise<ReconcileResult | undefined> {
  const { context, backup, signal } = run;
  const { finalizers = [] } = backup.metadata;
  if (!finalizers.includes(STORED_FINALIZER)) return undefined;
  const location = backup.status?.location as unknown as BackupLocation | undefined;
  const letGo = async () => {
    const others = finalizers.filter((finalizer) => finalizer !== STORED_FINALIZER);
    await setFinalizers(context, backup, others, signal);
    return undefined;
  };
  if (!location || backup.spec.deletionPolicy === 'Retain') return letGo();
  // What still writes would store anew what is removed.
  const writers = [jobPod(context, backup, 'backup'), jobPod(context, backup, 'verify')].filter(
    (pod) => pod !== undefined,
  );
  for (const pod of writers) await removePod(context, pod, signal);
  if (writers.length > 0) return { requeueAfterMs: 5_000 }; // sooner when they are gone
  // It may take long, and other backups of the store are not to wait for it.
  await leaveTurn(context, backup, signal);
  const { shards } = backup.status ?? {};
  const job = { verb: 'delete', place: placeOf(location), ...(shards !== undefined && { parts: shards }) } as const;
  const options = { job, target: location.target };
  const outcome = await workOff(context, backup, 'delete', options, signal);
  const isGone = outcome.state === 'done' || (outcome.state === 'failed' && outcome.failure.reason === 'NotFound');
  if (isGone) return letGo();
  if (outcome.state === 'failed' && outcome.failure.reason === 'NamespaceEnding') {
    const message = `${location.object} stays where it is stored, because the namespace is being deleted and runs no more pods`;
    context.events.record(backup, 'Warning', 'StoredBackupLeft', message);
    return letGo();
  }
  const { reason, message } = tellDeletion(outcome.state === 'failed' ? outcome.failure.message : outcome.why);
  await run.report(backupStatus(backup, {}, { reason, message }, context.now()));
  if (outcome.state === 'working') return { requeueAfterMs: outcome.againInMs };
  const pod = jobPod(context, backup, 'delete');
  const age = pod ? context.now().getTime() - Date.parse(pod.metadata.creationTimestamp ?? '') : 0;
  if (pod && age > ANOTHER_MS) await removePod(context, pod, signal); // what it lacked may be there by now
  return { requeueAfterMs: ANOTHER_MS };
}

/** Between two tries to remove what could not be removed for a reason that only somebody else can mend, in ms. */
const ANOTHER_MS = 60_000;

function tellDeletion(why: string | undefined): { reason: 'Deleting' | 'DeletionFailing'; message: string } {
  if (why === undefined) return { reason: 'Deleting', message: 'what is stored is being removed' };
  const remedy = 'mend that, or set spec.deletionPolicy: Retain to leave it where it is';
  return { reason: 'DeletionFailing', message: `what is stored cannot be removed yet; ${remedy}: ${why}` };
}

function setFinalizers(
  { client }: Pick<Context, 'client'>,
  backup: KVBackup,
  finalizers: string[],
  signal: AbortSignal,
): Promise<unknown> {
  const { resourceVersion } = backup.metadata;
  const options = { type: 'merge', resourceVersion, fieldManager: FIELD_MANAGER, signal } as const;
  return client.patch(kvBackups, keyOf(backup), { metadata: { finalizers } }, options);
}
