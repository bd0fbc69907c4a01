import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { BackupError } from '../failure.ts';
import type { Target } from './target.ts';

/** Pieces in which a file is read and between whose writing the disk may catch up. */
const PIECE = 1024 * 1024;
const PARTIAL = '.partial';

/** Backups as files below `root`, which is on a mounted volume. */
export function openVolume(root: string): Target {
  const at = (path: string) => {
    const file = join(root, path);
    if (relative(root, file).startsWith('..')) throw new BackupError('Failed', 'the path leads out of the volume');
    return file;
  };
  return {
    async put(path, body) {
      const file = at(path);
      await makeFolder(dirname(file));
      const bytes = await writeWhole(`${file}${PARTIAL}`, body);
      await rename(`${file}${PARTIAL}`, file);
      await syncFolder(dirname(file));
      return bytes;
    },
    async *get(path) {
      try {
        yield* createReadStream(at(path), { highWaterMark: PIECE }) as AsyncIterable<Buffer>;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new BackupError('NotFound', `no file ${path}`);
        throw readable(error);
      }
    },
    async remove(path) {
      await rm(`${at(path)}${PARTIAL}`, { force: true });
      await rm(at(path), { force: true });
      await syncFolder(dirname(at(path))).catch(() => {}); // the folder may never have been made
    },
  };
}

/** Writes a file and waits until the disk has it; where that fails the file is removed. Resolves with its bytes. */
export async function writeWhole(file: string, body: AsyncIterable<Uint8Array>): Promise<number> {
  const handle = await open(file, 'w', 0o640).catch((error) => {
    throw readable(error);
  });
  const gathered = Buffer.allocUnsafeSlow(PIECE);
  let filled = 0;
  let bytes = 0;
  try {
    const flush = async () => {
      for (let at = 0; at < filled; ) at += (await handle.write(gathered, at, filled - at)).bytesWritten;
      filled = 0;
    };
    for await (const piece of body) {
      bytes += piece.length;
      for (let at = 0; at < piece.length; ) {
        const length = Math.min(piece.length - at, PIECE - filled);
        gathered.set(piece.subarray(at, at + length), filled);
        at += length;
        filled += length;
        if (filled === PIECE) await flush();
      }
    }
    await flush();
    await handle.sync();
    await handle.close();
    return bytes;
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(file, { force: true });
    throw error;
  }
}

/** Makes a rename in that folder last. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder and those above it, each entered in the one above it on the disk. */
async function makeFolder(folder: string): Promise<void> {
  try {
    const first = await mkdir(folder, { recursive: true });
    for (let made = folder; first && made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
    await stat(folder);
  } catch (error) {
    throw readable(error);
  }
}

function readable(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const message = `the volume may not be written or read (${code}): look at its owner and at its access mode`;
    return new BackupError('TargetRefused', message, { cause: error });
  }
  return error;
}
