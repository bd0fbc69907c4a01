import type { BackupData, BackupJob } from '../contract/backup.ts';
import type { Surroundings } from './job.ts';
import { backup } from './verbs/backup.ts';
import { clean, swap, undo } from './verbs/data.ts';
import { remove } from './verbs/delete.ts';
import { fetch } from './verbs/fetch.ts';
import { verify } from './verbs/verify.ts';

/** Does what a job says. Rejects with a BackupError where the failure was foreseen. */
export function run(job: BackupJob, surroundings: Surroundings): Promise<BackupData | undefined> {
  switch (job.verb) {
    case 'backup':
      return backup(job, surroundings);
    case 'verify':
      return verify(job, surroundings);
    case 'fetch':
      return fetch(job, surroundings);
    case 'swap':
      return swap(job, surroundings);
    case 'undo':
      return undo(job, surroundings);
    case 'clean':
      return clean(job, surroundings);
    case 'delete':
      return remove(job, surroundings);
  }
}
