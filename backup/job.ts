import type { BackupData, BackupJob } from '../contract/backup.ts';
import type { Files } from './files.ts';

/** What a verb works with, beside what it is to do. */
export interface Surroundings {
  files: Files;
  /** Aborted when the pod is told to end. */
  signal: AbortSignal;
  /** Counts bytes of data that went by. */
  progress(bytes: number): void;
  now(): Date;
}

type Job<Verb extends BackupJob['verb']> = Extract<BackupJob, { verb: Verb }>;

/** One verb; resolves with what is known of the data it dealt with. Rejects with a BackupError where it foresaw the failure. */
export type Run<Verb extends BackupJob['verb']> = (
  job: Job<Verb>,
  surroundings: Surroundings,
) => Promise<BackupData | undefined>;
