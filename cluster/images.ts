import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run, runEnclosed } from './command.ts';
import { withLock } from './lock.ts';
import { ensurePackages, imagePackages } from './packages.ts';
import { cacheDirectory, cloneDirectory } from './paths.ts';
import type { Progress } from './progress.ts';
import { ensureRootArchive, type RootFs, redisRoots } from './rootfs.ts';
import { withWorkspace } from './workspace.ts';

/** A built image: the reference that it answers to, and its OCI archive, whose name changes with its content. */
export interface ImageArchive {
  reference: string;
  archive: string;
}

/** What an image is made of: a Dockerfile and the files that it copies, by their name in the build context. */
export interface ImageSource {
  reference: string;
  dockerfile: string;
  files: Readonly<Record<string, string>>;
  /** Becomes `rootfs.tar` in the build context. */
  root?: RootFs;
  base?: ImageArchive;
}

const nodeRoot: RootFs = {
  suite: 'bookworm',
  packages: ['ca-certificates', 'libstdc++6'],
  user: { name: 'node', id: 1000, home: '/home/node' },
};

/** What Cubby's own image is built over. */
export const nodeBaseImage: ImageSource = {
  reference: 'docker.io/library/node:24-bookworm-slim',
  dockerfile: 'images/node/Dockerfile',
  root: nodeRoot,
  files: { node: process.execPath },
};

const busybox = { busybox: '/bin/busybox' };

/** Images that a node of the embedded cluster itself needs. */
export const nodeImages: readonly ImageSource[] = [
  { reference: 'docker.io/cubby-dev/pause:1', dockerfile: 'images/pause/Dockerfile', files: busybox },
  { reference: 'docker.io/library/busybox:1.36', dockerfile: 'images/busybox/Dockerfile', files: busybox },
];

/** The Redis images of the chart's version catalogue, as Debian packages them. */
export const redisImages: readonly ImageSource[] = Object.entries(redisRoots).map(([version, root]) => ({
  reference: `docker.io/library/redis:${version}`,
  dockerfile: 'images/redis/Dockerfile',
  root,
  files: {},
}));

/** Builds those of the images that the user's cache lacks, one after the other. */
export async function ensureImages(sources: readonly ImageSource[], progress: Progress): Promise<ImageArchive[]> {
  const archives: ImageArchive[] = [];
  for (const source of sources) archives.push(await ensureImage(source, progress));
  return archives;
}

/**
 * Cubby's own image: the repository's Dockerfile over bundles of the code as it is now. Its tag carries a digest of its
 * content, so that a changed build rolls the pods that run it.
 */
export async function bundleProduct(progress: Progress): Promise<ImageSource> {
  await progress.step('bundling the operator and the data plane', () =>
    run(process.execPath, ['tools/build.ts'], { cwd: cloneDirectory }),
  );
  const manifest = JSON.parse(await readFile(join(cloneDirectory, 'package.json'), 'utf8')) as { version: string };
  const files = Object.fromEntries(
    ['LICENSE', 'package.json', 'dist'].map((name) => [name, join(cloneDirectory, name)]),
  );
  const source = { reference: 'ghcr.io/cubby-dev/cubby', dockerfile: 'Dockerfile', files };
  return { ...source, reference: `${source.reference}:${manifest.version}-${(await fingerprint(source)).slice(0, 8)}` };
}

/** Builds Cubby's own image over a base that is built here too, where the user's cache lacks it. */
export async function ensureProductImage(progress: Progress): Promise<ImageArchive> {
  const base = await ensureImage(nodeBaseImage, progress);
  const image = await ensureImage({ ...(await bundleProduct(progress)), base }, progress);
  await removeOldArchives('cubby-');
  return image;
}

const KEPT_ARCHIVES = 5;

/** Every change of the code makes an image: all but the newest archives of that prefix go. */
async function removeOldArchives(prefix: string): Promise<void> {
  const directory = join(cacheDirectory, 'images');
  const names = (await readdir(directory)).filter((name) => name.startsWith(prefix) && name.endsWith('.tar'));
  const aged = await Promise.all(
    names.map(async (name) => ({ path: join(directory, name), at: (await stat(join(directory, name))).mtimeMs })),
  );
  for (const { path } of aged.sort((a, b) => b.at - a.at).slice(KEPT_ARCHIVES)) await rm(path);
}

async function ensureImage(source: ImageSource, progress: Progress): Promise<ImageArchive> {
  await ensurePackages(imagePackages, progress);
  const name = `${basename(source.reference).replace(':', '-')}-${await fingerprint(source)}.tar`;
  const archive = join(cacheDirectory, 'images', name);
  // Builders share buildah's storage, so that only one may be at work.
  await withLock(join(cacheDirectory, 'images', 'build.lock'), async () => {
    if (existsSync(archive)) return;
    const root = source.root && (await ensureRootArchive(source.root, progress));
    await progress.step(`building image ${source.reference}`, () =>
      withWorkspace(join(cacheDirectory, 'images'), (workspace) => build(source, root, archive, workspace)),
    );
  });
  return { reference: source.reference, archive };
}

async function build(source: ImageSource, root: string | undefined, archive: string, workspace: string): Promise<void> {
  const context = join(workspace, 'context');
  const half = join(workspace, 'image.tar');
  const log = join(cacheDirectory, 'logs', 'images.log');
  const storage = ['--root', join(workspace, 'root'), '--runroot', join(workspace, 'run')];
  const buildah = (...args: string[]) => runEnclosed('buildah', [...storage, ...args], { log });
  await mkdir(context);
  const files = root ? { ...source.files, 'rootfs.tar': root } : source.files;
  for (const [name, from] of Object.entries(files)) await cp(from, join(context, name), { recursive: true });
  await copyFile(join(cloneDirectory, source.dockerfile), join(context, 'Dockerfile'));
  if (source.base) {
    const id = (await buildah('pull', '--quiet', `oci-archive:${source.base.archive}`)).trim();
    await buildah('tag', id, source.base.reference);
  }
  await buildah('bud', '--isolation', 'chroot', '--pull-never', '--tag', source.reference, context);
  await buildah('push', '--quiet', source.reference, `oci-archive:${half}:${source.reference}`);
  await rename(half, archive);
}

async function fingerprint(source: ImageSource): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([source.root, source.base?.archive]));
  hash.update(await readFile(join(cloneDirectory, source.dockerfile)));
  for (const path of Object.values(source.files)) await hashTree(hash, path);
  return hash.digest('hex').slice(0, 12);
}

async function hashTree(hash: ReturnType<typeof createHash>, path: string): Promise<void> {
  const entries = await readdir(path).catch(() => undefined);
  if (!entries) return void hash.update(basename(path)).update(await readFile(path));
  for (const entry of entries.sort()) await hashTree(hash, join(path, entry));
}
