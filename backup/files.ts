import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BackupFailure } from '../contract/backup.ts';
import { BackupError } from './failure.ts';

/** The files of the pod, below a folder that is `/` but in tests. */
export interface Files {
  path(path: string): string;
  /** What a mounted Secret's file holds, without blanks around it. Throws `reason` where it is missing or empty. */
  secret(path: string, reason: BackupFailure): string;
}

/** Files below `root`. */
export function filesBelow(root: string): Files {
  const at = (path: string) => resolve(root, `./${path}`);
  return {
    path: at,
    secret(path, reason) {
      let content = '';
      try {
        content = readFileSync(at(path), 'utf8').trim();
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        throw new BackupError(reason, `${path} cannot be read (${code}): look at the Secret that is mounted there`);
      }
      if (content === '') throw new BackupError(reason, `${path} is empty: look at the Secret that is mounted there`);
      return content;
    },
  };
}
