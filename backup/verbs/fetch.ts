import { mkdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BACKUP_PATHS } from '../../contract/backup.ts';
import { isSetAside } from '../data-directory.ts';
import { BackupError } from '../failure.ts';
import type { Run } from '../job.ts';
import { openStored } from '../stored.ts';
import { syncFolder, writeWhole } from '../target/volume.ts';

/** Room that a volume should have left in any case, in bytes. */
const MARGIN = 16 * 1024 * 1024;

/**
 * Writes the data of a backup beside that of the store, under its final name once it was found good. The Redis of the store
 * may run and is not disturbed; the room that it will need to write the data anew is asked for as well.
 */
export const fetch: Run<'fetch'> = async ({ place, rdbVersion }, surroundings) => {
  const { files } = surroundings;
  const file = files.path(BACKUP_PATHS.fetched);
  const folder = files.path(BACKUP_PATHS.data);
  if (await isSetAside(folder)) {
    const remedy = 'undo or clean has to end it first';
    throw new BackupError('Failed', `the data that an earlier restore set aside is still there: ${remedy}`);
  }
  const { manifest, read } = await openStored(place, surroundings);
  const { size, rdbVersion: version } = manifest.data;
  if (rdbVersion !== undefined && version > rdbVersion) {
    const why = `it has version ${version} of the RDB format and this Redis reads up to ${rdbVersion}`;
    throw new BackupError('TooNew', `${why}: restore it into a store of Redis ${manifest.data.redisVersion} or newer`);
  }
  await rm(dirname(file), { recursive: true, force: true });
  await requireRoom(folder, 2 * size + MARGIN);
  await mkdir(dirname(file), { recursive: true });
  await writeWhole(`${file}.partial`, read());
  await rename(`${file}.partial`, file);
  await syncFolder(dirname(file));
  await syncFolder(folder);
  if ((await stat(file)).size !== size) throw new BackupError('Corrupt', 'the volume did not keep what was written');
  return manifest.data;
};

async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  const mebibytes = (count: number) => `${Math.ceil(count / (1024 * 1024))} MiB`;
  const why = `the volume of the store has ${mebibytes(free)} free and the restore needs ${mebibytes(bytes)}`;
  throw new BackupError('NoSpace', `${why}: make spec.persistence.size larger`);
}
