import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../cluster/command.ts';

/** A file system of its own in a file, mounted by a loop device. */
export interface Volume {
  directory: string;
  /** What the disk holds now, as a second volume: not what only the page cache of this one has. */
  cut(): Promise<Volume>;
  /** Takes all but so many bytes of the free space with a file. */
  fill(leaveBytes: number): Promise<void>;
  /** Takes that file away. */
  makeRoom(): Promise<void>;
  remove(): Promise<void>;
}

/** Makes an ext4 of that size in MiB. */
export async function makeVolume(mebibytes: number): Promise<Volume> {
  const base = await mkdtemp('/var/tmp/cubby-volume-');
  const image = join(base, 'image');
  await run('truncate', ['-s', `${mebibytes}M`, image]);
  // No blocks are kept back for root, as whom Redis runs here.
  await run('mkfs.ext4', ['-q', '-m', '0', image]);
  return mountVolume(base);
}

async function mountVolume(base: string): Promise<Volume> {
  const directory = join(base, 'data');
  const image = join(base, 'image');
  await mkdir(directory, { recursive: true });
  await run('mount', ['-o', 'loop', image, directory]);
  const filler = join(directory, 'filler');
  return {
    directory,
    async cut() {
      const copy = await mkdtemp('/var/tmp/cubby-volume-');
      // The file behind a loop device has what the file system wrote to its disk; dirty pages are above it.
      await run('cp', ['--sparse=always', image, join(copy, 'image')]);
      return mountVolume(copy);
    },
    async fill(leaveBytes) {
      const { bavail, bsize } = await statfs(directory);
      await run('fallocate', ['-l', String(bavail * bsize - leaveBytes), filler]);
    },
    makeRoom: () => rm(filler, { force: true }),
    async remove() {
      await run('umount', ['--lazy', directory]);
      await rm(base, { recursive: true, force: true });
    },
  };
}
