import { BACKUP_PATHS } from '../../contract/backup.ts';
import { type Encryption, openEncryption } from '../encryption.ts';
import type { Run } from '../job.ts';
import { dataPath, manifestPath, writeManifest } from '../manifest.ts';
import { startInspection } from '../rdb/inspect.ts';
import { readRdb } from '../rdb/source.ts';
import { openTarget } from '../target/open.ts';

/**
 * Streams the data of a running Redis to its place, and then the manifest. What an earlier attempt left there goes first,
 * its manifest before its data, so that at no moment one stands beside data that is not its own.
 */
export const backup: Run<'backup'> = async ({ place, redis, source }, { files, signal, progress, now }) => {
  const password = files.secret(BACKUP_PATHS.redisPassword, 'SourceUnavailable');
  const encryption = place.encrypted
    ? await openEncryption(files.secret(BACKUP_PATHS.identity, 'WrongKey'))
    : undefined;
  const target = await openTarget(place, files);
  const path = dataPath(place, place.encrypted);
  await target.remove(manifestPath(place));
  await target.remove(path);

  const created = now().toISOString();
  const inspection = await startInspection(progress);
  const rdb = inspection.pass(readRdb({ ...redis, password, signal }));
  const storedSize = await target.put(path, await stored(rdb, encryption));
  try {
    const data = { ...inspection.facts(), storedSize };
    await writeManifest(target, place, { created, source, encrypted: place.encrypted, data });
    return data;
  } catch (error) {
    await target.remove(path).catch(() => {}); // it is no backup, and the first error says why
    throw error;
  }
};

async function stored(rdb: AsyncIterable<Buffer>, encryption?: Encryption): Promise<AsyncIterable<Uint8Array>> {
  return encryption ? encryption.encrypt(rdb) : rdb;
}
