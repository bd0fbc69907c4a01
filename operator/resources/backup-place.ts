import type { BackupEncryption, BackupPlace, BackupTarget } from '../../contract/backup.ts';
import type { KVBackup } from '../../contract/objects.ts';

/** Where a backup goes, and how it is encrypted. */
export interface BackupLocation {
  target: BackupTarget;
  encryption?: BackupEncryption | undefined;
  /** Its path without the ending. */
  object: string;
}

/** The object of a backup: a path that no other KVBackup has, whatever is deleted and made again under its name. */
export function objectPath({ metadata, spec }: KVBackup, target: BackupTarget): string {
  const folder = target.s3?.prefix ?? target.volume?.path;
  const name = `${metadata.name}-${metadata.uid.slice(0, 8)}`;
  return [...(folder ? [folder] : []), metadata.namespace, spec.storeRef.name, name].join('/');
}

/** A location as a backup pod takes it. */
export function placeOf({ target, encryption, object }: BackupLocation): BackupPlace {
  return { target, object, encrypted: encryption !== undefined };
}
