import { BACKUP_PATHS, type BackupData, type RedisAddress } from '../../contract/backup.ts';
import { sumParts } from '../../contract/backup-parts.ts';
import { openEncryption } from '../encryption.ts';
import { TakenError } from '../failure.ts';
import type { Run } from '../job.ts';
import { type BackupManifest, dataPaths, manifestPath, type StoredPart, writeManifest } from '../manifest.ts';
import { startInspection } from '../rdb/inspect.ts';
import { readRdb } from '../rdb/source.ts';
import { openTarget } from '../target/open.ts';

/**
 * Streams the data of a running Redis, or of one shard after the other, to its place, and then the manifest. What an
 * earlier attempt left there goes first, its manifest before its data, so that at no moment one stands beside data that is
 * not its own.
 */
export const backup: Run<'backup'> = async ({ place, redis, source }, { files, signal, progress, now }) => {
  const password = files.secret(BACKUP_PATHS.redisPassword, 'SourceUnavailable');
  const encryption = place.encrypted
    ? await openEncryption(files.secret(BACKUP_PATHS.identity, 'WrongKey'))
    : undefined;
  const target = await openTarget(place, files);
  const paths = dataPaths(place, place.encrypted, 'host' in redis ? undefined : redis.length);
  await target.remove(manifestPath(place));
  for (const path of paths) await target.remove(path);

  const created = now().toISOString();
  const kept: string[] = [];
  const store = async ({ host, port }: RedisAddress, path = ''): Promise<BackupData> => {
    const inspection = await startInspection(progress);
    const rdb = inspection.pass(readRdb({ host, port, password, signal }));
    const storedSize = await target.put(path, encryption ? encryption.encrypt(rdb) : rdb);
    kept.push(path);
    return { ...inspection.facts(), storedSize };
  };
  const storeParts = async (): Promise<Pick<BackupManifest, 'data' | 'parts'>> => {
    if ('host' in redis) return { data: await store(redis, paths[0]) };
    const parts: StoredPart[] = [];
    for (const [ordinal, { slots, ...shard }] of redis.entries())
      parts.push({ ...(await store(shard, paths[ordinal])), slots: [...slots] });
    return { data: sumParts(parts), parts };
  };
  try {
    const found = await storeParts();
    await writeManifest(target, place, { created, source, encrypted: place.encrypted, ...found });
    return found.data;
  } catch (error) {
    // It is no backup, and the first error says why. What another attempt may have stored in its place is left alone.
    if (!(error instanceof TakenError)) for (const path of kept) await target.remove(path).catch(() => {});
    throw error;
  }
};
