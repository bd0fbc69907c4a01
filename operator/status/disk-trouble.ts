import type { KVStoreSpec } from '../../contract/kvstore.gen.ts';
import type { Finding } from './finding.ts';

/** What Redis says of its files. */
export interface DiskLook {
  info: { aof: { lastWriteOk: boolean }; snapshot: { lastOk: boolean } };
  /** Why Redis refuses writes, in its own words. */
  writeError: string | undefined;
}

/** How the C libraries of Debian and Alpine call ENOSPC and EDQUOT. */
const NO_ROOM = /No space left on device|[Qq]uota exceeded/;
/** What Redis logs (flushAppendOnlyFile in aof.c) when only a part of a write had room; the next one fails by NO_ROOM. */
const SHORT_WRITE = /Short write while writing to the AOF/;

/** Whether words of Redis, from a reply or from its log, tell that its volume has no room. */
export function tellsOfFullVolume(text: string): boolean {
  return NO_ROOM.test(text) || SHORT_WRITE.test(text);
}

/**
 * What keeps a running Redis from writing to its volume. Redis tells the system's error for its log only; why a snapshot
 * failed is in no reply.
 */
export function diskTrouble(
  { info, writeError }: DiskLook,
  mode: KVStoreSpec['persistence']['mode'],
): Finding<'VolumeFull' | 'PersistenceFailing'> | undefined {
  if (mode === 'none' || (mode === 'aof' ? info.aof.lastWriteOk : info.snapshot.lastOk)) return undefined;
  if (tellsOfFullVolume(writeError ?? '')) {
    const message =
      'the volume is full, so Redis refuses writes until there is room, and reads go on; raise spec.persistence.size, or free room on the volume';
    return { reason: 'VolumeFull', message };
  }
  const effect = writeError === undefined ? 'takes writes all the same' : 'refuses writes, and reads go on';
  const what = mode === 'aof' ? 'write its log' : 'save a snapshot';
  const message = `Redis cannot ${what} and ${effect}; see its log for why, and where the volume is full raise spec.persistence.size`;
  return { reason: 'PersistenceFailing', message };
}
