import { BACKUP_EXIT, type BackupFailure } from '../contract/backup.ts';

/** Why a verb could not do what it was to do; the message names the remedy and holds no secret. */
export class BackupError extends Error {
  readonly reason: BackupFailure;

  constructor(reason: BackupFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupError';
    this.reason = reason;
  }
}

/** Something is stored already where a backup was to be: another attempt of it runs, or its end was not heard of. */
export class TakenError extends BackupError {
  constructor(path: string, options?: ErrorOptions) {
    super('TargetUnavailable', `another attempt of the backup has stored or removed ${path} meanwhile`, options);
  }
}

/** What may be over by itself, and so is worth another try. */
const PASSING: ReadonlySet<BackupFailure> = new Set(['SourceUnavailable', 'TargetUnavailable', 'Busy', 'Stopped']);

/** The exit code that tells whether another try may mend a failure of that reason. */
export function exitCodeOf(reason: BackupFailure): number {
  return PASSING.has(reason) ? BACKUP_EXIT.again : BACKUP_EXIT.failed;
}

/** Any error as a BackupError: a full disk is NoSpace, what nobody foresaw is Failed. */
export function asBackupError(error: unknown): BackupError {
  if (error instanceof BackupError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new BackupError('NoSpace', 'the volume is full: make it larger or free room on it', { cause: error });
  }
  return new BackupError('Failed', message ?? String(error), { cause: error });
}
