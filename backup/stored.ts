import { BACKUP_PATHS, type BackupPlace } from '../contract/backup.ts';
import { openEncryption } from './encryption.ts';
import { BackupError } from './failure.ts';
import type { Surroundings } from './job.ts';
import { type BackupManifest, dataPath, readManifest } from './manifest.ts';
import { type RdbFacts, startInspection } from './rdb/inspect.ts';
import { openTarget } from './target/open.ts';

/** A stored backup that is read back. */
export interface Stored {
  manifest: BackupManifest;
  /** The RDB, or that of a part. Throws at its end, or before, where it is not what was stored. */
  read(part?: number): AsyncGenerator<Buffer>;
}

/** Opens the backup at a place. Throws NotFound, TooNew, WrongKey and Corrupt before any of the data is read. */
export async function openStored(place: BackupPlace, { files, progress, signal }: Surroundings): Promise<Stored> {
  const target = await openTarget(place, files);
  const manifest = await readManifest(target, place);
  const { encrypted, parts } = manifest;
  if (encrypted && !place.encrypted) {
    throw new BackupError('WrongKey', 'the backup is encrypted: name the Secret of its key in encryption');
  }
  const encryption = encrypted ? await openEncryption(files.secret(BACKUP_PATHS.identity, 'WrongKey')) : undefined;
  return {
    manifest,
    async *read(part) {
      const data = part === undefined ? manifest.data : parts?.[part];
      if (!data || (part === undefined && parts)) throw new BackupError('Failed', `the backup has no part ${part}`);
      const inspection = await startInspection(progress);
      let storedSize = 0;
      const counted = async function* () {
        for await (const piece of target.get(dataPath(place, encrypted, part))) {
          signal.throwIfAborted();
          storedSize += piece.length;
          yield piece;
        }
        // Told before the decryption finds that its end is missing, for it is what happened.
        if (storedSize < data.storedSize) throw corrupt('it is cut off');
      };
      try {
        yield* inspection.pass(encryption ? encryption.decrypt(counted()) : counted());
      } catch (error) {
        if (!(error instanceof BackupError) || error.reason !== 'NotFound') throw error;
        throw corrupt('its data is gone');
      }
      const facts = inspection.facts();
      const different = differences({ ...facts, storedSize }, data);
      if (different.length > 0) throw corrupt(`its ${different.join(', ')} differ from what was written`);
    },
  };
}

type Facts = RdbFacts & { storedSize: number };

function differences(found: Facts, expected: Facts): string[] {
  return (Object.keys(found) as (keyof Facts)[]).filter((name) => found[name] !== expected[name]);
}

function corrupt(why: string): BackupError {
  return new BackupError('Corrupt', `the stored backup is damaged: ${why}; use another one`);
}
