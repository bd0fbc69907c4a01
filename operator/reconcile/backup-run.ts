import type { KVBackupStatus } from '../../contract/kvbackup.gen.ts';
import type { KVBackup } from '../../contract/objects.ts';
import type { Context } from './context.ts';

/** One reconcile of a backup. */
export interface BackupRun {
  context: Context;
  /** With the status that it has now. */
  backup: KVBackup;
  signal: AbortSignal;
  /** Writes the status; `first` only if the backup is still as the cache has it. */
  report(status: KVBackupStatus, options?: { first: true }): Promise<void>;
}
