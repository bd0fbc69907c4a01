import { mkdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { BACKUP_PATHS, type BackupData, type BackupPart, type SlotRange } from '../../contract/backup.ts';
import { isSetAside } from '../data-directory.ts';
import { BackupError } from '../failure.ts';
import type { Run } from '../job.ts';
import type { BackupManifest } from '../manifest.ts';
import { openStored } from '../stored.ts';
import { syncFolder, writeWhole } from '../target/volume.ts';

/** Room that a volume should have left in any case, in bytes. */
const MARGIN = 16 * 1024 * 1024;

/**
 * Writes the data of a backup beside that of the store, under its final name once it was found good. The Redis of the store
 * may run and is not disturbed; the room that it will need to write the data anew is asked for as well.
 */
export const fetch: Run<'fetch'> = async ({ place, rdbVersion, part }, surroundings) => {
  const { files } = surroundings;
  const file = files.path(BACKUP_PATHS.fetched);
  const folder = files.path(BACKUP_PATHS.data);
  if (await isSetAside(folder)) {
    const remedy = 'undo or clean has to end it first';
    throw new BackupError('Failed', `the data that an earlier restore set aside is still there: ${remedy}`);
  }
  const { manifest, read } = await openStored(place, surroundings);
  const { slots: _, ...data } = choosePart(manifest, part);
  const { size, rdbVersion: version } = data;
  if (rdbVersion !== undefined && version > rdbVersion) {
    const why = `it has version ${version} of the RDB format and this Redis reads up to ${rdbVersion}`;
    throw new BackupError('TooNew', `${why}: restore it into a store of Redis ${data.redisVersion} or newer`);
  }
  await rm(dirname(file), { recursive: true, force: true });
  await requireRoom(folder, 2 * size + MARGIN);
  await mkdir(dirname(file), { recursive: true });
  await writeWhole(`${file}.partial`, read(part?.member));
  await rename(`${file}.partial`, file);
  await syncFolder(dirname(file));
  await syncFolder(folder);
  if ((await stat(file)).size !== size) throw new BackupError('Corrupt', 'the volume did not keep what was written');
  return data;
};

/** What is known of the part that is asked for. Throws ShardsDiffer. */
function choosePart({ data, parts }: BackupManifest, part?: BackupPart): BackupData & { slots?: readonly SlotRange[] } {
  if (!parts && !part) return data;
  const chosen = part && parts?.length === part.of ? parts[part.member] : undefined;
  if (!chosen) {
    const [has, needs] = [shardsInWords(parts?.length), shardsInWords(part?.of)];
    const remedy = `restore it into a new store ${parts ? `with spec.shards: ${parts.length}` : 'without spec.shards'}`;
    throw new BackupError('ShardsDiffer', `it is the data of ${has} and the store has ${needs}: ${remedy}`);
  }
  if (part?.slots && !isDeepStrictEqual(part.slots, chosen.slots)) {
    const why = `shard ${part.member} had other slots when the backup was made than it has now`;
    throw new BackupError('ShardsDiffer', `${why}: restore it into a new store with spec.shards: ${part.of}`);
  }
  return chosen;
}

const shardsInWords = (count?: number) => (count === undefined ? 'one Redis without shards' : `${count} shards`);

async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  const mebibytes = (count: number) => `${Math.ceil(count / (1024 * 1024))} MiB`;
  const why = `the volume of the store has ${mebibytes(free)} free and the restore needs ${mebibytes(bytes)}`;
  throw new BackupError('NoSpace', `${why}: make spec.persistence.size larger`);
}
