import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run, runEnclosed } from './command.ts';
import { withLock } from './lock.ts';
import { ensurePackages, imagePackages } from './packages.ts';
import { cacheDirectory } from './paths.ts';
import type { Progress } from './progress.ts';
import { withWorkspace } from './workspace.ts';

/** A Debian root file system: what its suite, its packages and its one extra user make of it. */
export interface RootFs {
  suite: 'bookworm' | 'trixie';
  packages: readonly string[];
  /** A user and group of that number, made before the packages that would make it with another one. */
  user?: { name: string; id: number; home: string };
}

const unwanted = [
  '/usr/share/doc/*',
  '/usr/share/info/*',
  '/usr/share/locale/*',
  '/usr/share/man/*',
  '/usr/share/lintian/*',
];

/** The versions of Redis that Debian has, each in the suite that has it, with the user of the official images. */
export const redisRoots: Readonly<Record<'7.0' | '8.0', RootFs>> = {
  '7.0': {
    suite: 'bookworm',
    packages: ['redis-server', 'redis-tools'],
    user: { name: 'redis', id: 999, home: '/data' },
  },
  '8.0': {
    suite: 'trixie',
    packages: ['redis-server', 'redis-tools'],
    user: { name: 'redis', id: 999, home: '/data' },
  },
};

/** Resolves with the path of a tar archive of the root file system, made once per user. */
export async function ensureRootArchive(root: RootFs, progress: Progress): Promise<string> {
  const name = `${root.suite}-${root.packages.join('-') || 'minimal'}`;
  const directory = join(cacheDirectory, 'roots');
  const key = createHash('sha256')
    .update(JSON.stringify([root, unwanted]))
    .digest('hex')
    .slice(0, 12);
  const archive = join(directory, `${name}-${key}.tar`);
  if (existsSync(archive)) return archive;
  await ensurePackages(imagePackages, progress);
  await withLock(`${archive}.lock`, async () => {
    if (existsSync(archive)) return;
    await progress.step(`bootstrapping Debian ${root.suite} with ${root.packages.join(', ')}`, () =>
      withWorkspace(directory, async (workspace) => {
        const half = join(workspace, 'root.tar');
        const log = join(cacheDirectory, 'logs', `root-${name}.log`);
        // The tree is unpacked there, and is too much for a /tmp in memory.
        await runEnclosed('mmdebstrap', await describe(root, half), { log, env: { TMPDIR: workspace } });
        await rename(half, archive);
      }),
    );
  });
  return archive;
}

/** Resolves with a directory into which the root file system has been unpacked, without its devices. */
export async function ensureRootDirectory(root: RootFs, progress: Progress): Promise<string> {
  const archive = await ensureRootArchive(root, progress);
  const directory = archive.replace(/\.tar$/, '');
  await withLock(`${directory}.lock`, async () => {
    if (existsSync(directory)) return;
    const half = `${directory}.half`;
    await rm(half, { recursive: true, force: true });
    await mkdir(half);
    await run('tar', ['--extract', '--file', archive, '--directory', half, '--exclude=./dev/*']);
    await rename(half, directory);
  });
  return directory;
}

async function describe(root: RootFs, archive: string): Promise<string[]> {
  const hooks = root.user ? [`--essential-hook=${addUser(root.user)}`] : [];
  const mirror = await findMirror();
  return [
    '--variant=essential',
    `--include=${root.packages.join(',')}`,
    ...unwanted.map((path) => `--dpkgopt=path-exclude=${path}`),
    '--aptopt=APT::Install-Recommends "false"',
    ...hooks,
    root.suite,
    archive,
    ...(mirror ? [mirror] : []),
  ];
}

// The tools that add users come with a package that is not essential, so the lines are written as they are.
function addUser({ name, id, home }: { name: string; id: number; home: string }): string {
  const passwd = `echo ${name}:x:${id}:${id}::${home}:/usr/sbin/nologin >> "$1/etc/passwd"`;
  return `${passwd} && echo ${name}:x:${id}: >> "$1/etc/group" && install -d -o ${id} -g ${id} "$1${home}"`;
}

/** The Debian mirror that this machine's apt uses, if it is Debian; else mmdebstrap's own default holds. */
async function findMirror(): Promise<string | undefined> {
  const targets = await run('apt-get', [
    'indextargets',
    '--format',
    '$(ORIGIN) $(LABEL) $(REPO_URI)',
    'Created-By: Packages',
  ]);
  return /^Debian Debian (\S+)$/m.exec(targets)?.[1];
}
