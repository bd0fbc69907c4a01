import { BACKUP_PATHS, type BackupPlace } from '../../contract/backup.ts';
import { BackupError } from '../failure.ts';
import type { Files } from '../files.ts';
import type { Target } from './target.ts';

/** The target of a place, with the credentials that are mounted. */
export async function openTarget({ target }: BackupPlace, files: Files): Promise<Target> {
  const { s3, volume } = target;
  if (s3) {
    const { openS3 } = await import('./s3.ts');
    return openS3(s3, {
      accessKeyId: files.secret(`${BACKUP_PATHS.s3}/accessKeyId`, 'TargetRefused'),
      secretAccessKey: files.secret(`${BACKUP_PATHS.s3}/secretAccessKey`, 'TargetRefused'),
      ca: s3.caSecret && files.secret(BACKUP_PATHS.s3Ca, 'TargetRefused'),
    });
  }
  if (volume) {
    const { openVolume } = await import('./volume.ts');
    return openVolume(files.path(BACKUP_PATHS.volume)); // the object's path begins with the target's
  }
  throw new BackupError('Failed', 'the target names neither s3 nor volume');
}
