import { createHash } from 'node:crypto';
import type { BackupData } from '../../contract/backup.ts';
import { BackupError } from '../failure.ts';
import { startCrc64 } from './crc64.ts';
import { NotRdbError, parseHeader, type RdbHeader } from './header.ts';

/** What is known of an RDB once all of it has streamed by. */
export type RdbFacts = Omit<BackupData, 'storedSize' | 'parts'>;

/** Bytes of the checksum at the end (since RDB version 5). */
const CHECKSUM = 8;
/** What comes before the first key is some hundred bytes, and larger only where functions were loaded. */
const MAX_HEAD = 16 * 1024 * 1024;

/** An RDB that passes through, and what it was once it has; `bytes` is how much of it has come by now. */
export interface Inspection {
  pass(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer>;
  facts(): RdbFacts;
}

/**
 * Looks at an RDB while it streams by, piece by piece, keeping no more of it than its header. Once `pass` has ended `facts` returns what it
 * was, or throws Corrupt where it is no RDB, is cut off, or its own checksum does not fit.
 */
export async function startInspection(progress: (bytes: number) => void): Promise<Inspection> {
  const sha256 = createHash('sha256');
  const crc = await startCrc64();
  let size = 0;
  let head: Buffer = Buffer.alloc(0);
  let header: RdbHeader | undefined;
  let tail: Buffer = Buffer.alloc(0);

  /** The checksum is of all but the last bytes, so as many are held back until more come. */
  const check = (chunk: Buffer) => {
    const all = chunk.length < CHECKSUM ? Buffer.concat([tail, chunk]) : chunk;
    if (all === chunk && tail.length > 0) crc.update(tail);
    const cut = Math.max(0, all.length - CHECKSUM);
    if (cut > 0) crc.update(all.subarray(0, cut));
    tail = Buffer.from(all.subarray(cut));
  };

  return {
    async *pass(source) {
      for await (const chunk of source) {
        size += chunk.length;
        sha256.update(chunk);
        check(chunk);
        if (!header && head.length < MAX_HEAD) {
          head = Buffer.concat([head, chunk]);
          header = readHeader(head);
          if (header) head = Buffer.alloc(0);
        }
        progress(chunk.length);
        yield chunk;
      }
    },
    facts() {
      if (!header || tail.length < CHECKSUM) throw corrupt('it is cut off in its header');
      const expected = tail.readBigUInt64LE();
      // A Redis with rdbchecksum no writes 0.
      if (expected !== 0n && expected !== crc.digest()) throw corrupt('its checksum does not fit');
      return { ...header, size, sha256: sha256.digest('hex') };
    },
  };
}

function readHeader(head: Buffer): RdbHeader | undefined {
  try {
    return parseHeader(head);
  } catch (error) {
    if (error instanceof NotRdbError) throw corrupt(error.message);
    throw error;
  }
}

function corrupt(why: string): BackupError {
  return new BackupError('Corrupt', `the data is no sound RDB: ${why}`);
}
