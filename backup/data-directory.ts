import { existsSync } from 'node:fs';
import * as disk from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { BackupError } from './failure.ts';
import { syncFolder, writeWhole } from './target/volume.ts';

/** What Redis loads when it starts; everything else of the folder stays where it is. */
const REDIS_FILES = ['dump.rdb', 'appendonlydir'];
/** An append-only file as Redis 7.0 and later have it, which begins with a whole copy of the data. */
const LOG = {
  folder: 'appendonlydir',
  manifest: 'appendonly.aof.manifest',
  base: 'appendonly.aof.1.base.rdb',
} as const;
/** What a shard knows of the slots and of the other shards. */
const CLUSTER_FILE = 'nodes.conf';
const FETCHED = '.restore';
/** What was set aside, all of it. */
const BEFORE = '.before-restore';
/** The same while some of it may still be, or be again, in its old place. */
const MOVING = '.before-restore.moving';
/** What is on its way out. */
const GONE = '.before-restore.gone';

/** What changes the disk, so that a test can end it at any step. */
export type Moves = Pick<typeof disk, 'mkdir' | 'rename' | 'rm'>;

/** Whether the data that a restore set aside, or a part of it, is still there. */
export async function isSetAside(folder: string): Promise<boolean> {
  return existsSync(join(folder, BEFORE)) || existsSync(join(folder, MOVING));
}

/**
 * Sets the data of a Redis that is stopped aside and puts what was fetched in its place, as a snapshot or as what an
 * append-only file begins with. Each step is one rename, and running it again after a crash, at any of them, goes on
 * from there.
 */
export async function swap(folder: string, moves: Moves = disk, as: 'rdb' | 'aof' = 'rdb'): Promise<void> {
  const at = (...names: string[]) => join(folder, ...names);
  const { mkdir, rename } = moves;
  if (as === 'aof') await makeLog(at(FETCHED), moves);
  const name = as === 'aof' ? LOG.folder : 'dump.rdb';
  const fetched = at(FETCHED, name);
  if (!existsSync(fetched)) {
    // Either it is in its place already, or it never came.
    if (existsSync(at(BEFORE)) && existsSync(at(name))) return;
    throw new BackupError('NotFound', 'nothing was fetched that could be put in place: fetch comes first');
  }
  if (existsSync(at(BEFORE))) {
    if (REDIS_FILES.some((name) => existsSync(at(name)))) {
      throw new BackupError('Failed', 'an earlier restore was not ended: undo or clean has to end it first');
    }
  } else {
    await mkdir(at(MOVING), { recursive: true });
    for (const name of REDIS_FILES) {
      if (existsSync(at(name))) await rename(at(name), at(MOVING, name));
    }
    await syncFolder(at(MOVING));
    await rename(at(MOVING), at(BEFORE));
    await syncFolder(folder);
  }
  await rename(fetched, at(name));
  await syncFolder(folder);
}

/** Makes the append-only file of what was fetched: Redis reads it as its base, which is an RDB file itself. */
async function makeLog(folder: string, { mkdir, rename }: Moves): Promise<void> {
  const at = (name: string) => join(folder, LOG.folder, name);
  const dump = join(folder, 'dump.rdb');
  if (!existsSync(dump)) return;
  await mkdir(join(folder, LOG.folder), { recursive: true });
  await writeWhole(at(LOG.manifest), Readable.from([Buffer.from(`file ${LOG.base} seq 1 type b\n`)]));
  await rename(dump, at(LOG.base));
  await syncFolder(join(folder, LOG.folder));
  await syncFolder(folder);
}

/**
 * Puts back what `swap` set aside, whatever of it has been done; without anything set aside it does nothing. A Redis that is
 * new forgets the slots that it took with the keys.
 */
export async function undo(folder: string, { rename, rm }: Moves = disk, isNew = false): Promise<void> {
  const at = (...names: string[]) => join(folder, ...names);
  if (isNew) await rm(at(CLUSTER_FILE), { force: true });
  if (existsSync(at(BEFORE))) {
    for (const name of REDIS_FILES) await rm(at(name), { recursive: true, force: true });
    await syncFolder(folder);
    await rename(at(BEFORE), at(MOVING));
  }
  if (!existsSync(at(MOVING))) return;
  for (const name of await disk.readdir(at(MOVING))) await rename(at(MOVING, name), at(name));
  await syncFolder(folder);
  await rm(at(MOVING), { recursive: true });
}

/** Removes what was set aside and what was fetched, for good. */
export async function clean(folder: string, { rename, rm }: Moves = disk): Promise<void> {
  const at = (name: string) => join(folder, name);
  if (existsSync(at(MOVING))) {
    throw new BackupError(
      'Failed',
      'some of the data of the store is still set aside: swap or undo has to end it first',
    );
  }
  await rm(at(GONE), { recursive: true, force: true });
  // In one step, so that nothing half removed is ever put back.
  if (existsSync(at(BEFORE))) await rename(at(BEFORE), at(GONE));
  await syncFolder(folder);
  await rm(at(GONE), { recursive: true, force: true });
  await rm(at(FETCHED), { recursive: true, force: true });
}
