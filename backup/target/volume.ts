import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { inBlocks } from '../blocks.ts';
import { BackupError, TakenError } from '../failure.ts';
import type { Target } from './target.ts';

/** What a file system answers that has no hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);
/** Pieces in which a file is read and between whose writing the disk may catch up. */
const PIECE = 1024 * 1024;
const PARTIAL = '.partial';
/** No attempt takes so long, in ms: what it left half-written is nobody's. */
const ABANDONED_MS = 24 * 3_600_000;

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
      await removePartial(dirname(file), '', ABANDONED_MS);
      const partial = `${file}.${randomBytes(4).toString('hex')}${PARTIAL}`;
      const bytes = await writeWhole(partial, body);
      await giveName(partial, file).catch((error) => {
        const { code } = error as NodeJS.ErrnoException;
        throw code === 'EEXIST' || code === 'ENOENT' ? new TakenError(path, { cause: error }) : readable(error);
      });
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
      await removePartial(dirname(at(path)), `${basename(path)}.`);
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
  const buffer = Buffer.allocUnsafeSlow(PIECE);
  let bytes = 0;
  try {
    for await (const { block } of inBlocks(body, () => buffer)) {
      bytes += block.length;
      for (let at = 0; at < block.length; ) at += (await handle.write(block, at, block.length - at)).bytesWritten;
    }
    await handle.sync();
    await handle.close();
    return bytes;
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(file, { force: true });
    throw error;
  }
}

/** Names a file that is written, where there is none of that name; a file system without hard links does not tell. */
async function giveName(partial: string, file: string): Promise<void> {
  try {
    await link(partial, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!NO_LINKS.has(code)) {
      await rm(partial, { force: true });
      throw error;
    }
    return rename(partial, file);
  }
  await rm(partial);
}

/** Removes the files of a folder that are half-written, whose names begin so, and that nobody has written to for so long. */
async function removePartial(folder: string, prefix: string, olderThanMs = 0): Promise<void> {
  const names = await readdir(folder).catch(() => []); // it may not be there
  for (const name of names.filter((one) => one.startsWith(prefix) && one.endsWith(PARTIAL))) {
    const age = olderThanMs && Date.now() - (await stat(join(folder, name)).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
    if (age >= olderThanMs) await rm(join(folder, name), { force: true });
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
