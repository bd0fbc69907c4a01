import { BACKUP_PATHS } from '../../contract/backup.ts';
import * as directory from '../data-directory.ts';
import type { Run, Surroundings } from '../job.ts';
import { withDataLock } from '../lock.ts';

/** The verbs that only move files of a store's volume. */
export const swap: Run<'swap'> = ({ as }, surroundings) =>
  locked((folder) => directory.swap(folder, undefined, as), surroundings);

/** Puts back what `swap` set aside. */
export const undo: Run<'undo'> = ({ isNew }, surroundings) =>
  locked((folder) => directory.undo(folder, undefined, isNew), surroundings);

/** Needs no lock: it touches nothing that Redis reads, and Redis runs by then. */
export const clean: Run<'clean'> = async (_job, { files }) => {
  await directory.clean(files.path(BACKUP_PATHS.data));
  return undefined;
};

async function locked(work: (folder: string) => Promise<void>, { files, signal }: Surroundings): Promise<undefined> {
  const folder = files.path(BACKUP_PATHS.data);
  await withDataLock(folder, () => work(folder), { signal });
  return undefined;
}
