import type { BackupData, BackupFailure } from '../../contract/backup.ts';
import type { KVBackupStatus } from '../../contract/kvbackup.gen.ts';
import type { KVBackup } from '../../contract/objects.ts';
import { toConditions } from './conditions.ts';
import type { Finding, Verdict } from './finding.ts';

/** Why a backup has not begun. */
export type BackupWaitReason =
  | 'StoreNotFound'
  | 'StoreHibernated'
  | 'StoreNotReady'
  | 'TargetMissing'
  | 'OtherBackupRuns'
  | 'PodRefused';

/** What is said of a backup: that it is whole, or why it is not; but for the last, it may yet become so. */
export type BackupReason =
  | 'Completed'
  | 'Verified'
  | BackupWaitReason
  | 'Running'
  | 'Retrying'
  | 'Verifying'
  | 'Deleting'
  | 'DeletionFailing'
  | BackupEndReason;

/** Why a backup is given up. */
export type BackupEndReason = BackupFailure | 'PodEnded' | 'NamespaceEnding' | 'StoreReplaced' | 'TimedOut';

type Changes = Omit<KVBackupStatus, 'conditions' | 'observedGeneration'>;

/** The status of a backup with that condition Complete; what `changes` leaves out stays as it was. */
export function backupStatus(
  { metadata, status }: KVBackup,
  changes: Changes,
  complete: Finding<BackupReason>,
  now: Date,
): KVBackupStatus {
  const { progress, conditions: before, ...rest } = status ?? {};
  const verdict = {
    type: 'Complete',
    status: complete.reason === 'Completed' ? 'True' : 'False',
    ...complete,
  } as const;
  const others = before?.filter(({ type }) => type !== verdict.type) ?? [];
  return {
    ...rest,
    ...changes,
    observedGeneration: metadata.generation,
    conditions: [...toConditions([verdict], before, metadata.generation, now), ...others],
  };
}

/** The status of a backup that is whole and stored. */
export function completedStatus(backup: KVBackup, data: BackupData, at: string, now: Date): KVBackupStatus {
  const { size, sha256, keys, expiringKeys, redisVersion, rdbVersion } = data;
  const changes: Changes = {
    phase: 'Completed',
    completedAt: at,
    size,
    sha256,
    keys,
    expiringKeys,
    redisVersion,
    rdbVersion,
    encrypted: backup.status?.location?.encryption !== undefined,
  };
  const parts = data.parts === undefined ? '' : `, a part for each of ${data.parts} shards,`;
  const message = `${keys} keys in ${size} bytes${parts} are stored as ${backup.status?.location?.object}`;
  return backupStatus(backup, changes, { reason: 'Completed', message }, now);
}

/** The status with the condition Verified beside those that it has. */
export function verifiedStatus(
  { metadata, status }: KVBackup,
  verified: Pick<Verdict<BackupReason>, 'status' | 'reason' | 'message'>,
  now: Date,
): KVBackupStatus {
  const before = status?.conditions ?? [];
  const others = before.filter(({ type }) => type !== 'Verified');
  const [condition] = toConditions([{ type: 'Verified', ...verified }], before, metadata.generation, now);
  return { ...status, conditions: [...others, ...(condition ? [condition] : [])] };
}
