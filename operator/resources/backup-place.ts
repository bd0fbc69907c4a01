import type { BackupEncryption, BackupPlace, BackupTarget } from '../../contract/backup.ts';

/** Where a backup goes, and how it is encrypted. */
export interface BackupLocation {
  target: BackupTarget;
  encryption?: BackupEncryption | undefined;
  /** Its path without the ending. */
  object: string;
}

/** A location as a backup pod takes it. */
export function placeOf({ target, encryption, object }: BackupLocation): BackupPlace {
  return { target, object, encrypted: encryption !== undefined };
}
