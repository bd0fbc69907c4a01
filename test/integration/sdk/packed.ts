import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { run } from '../../../cluster/command.ts';

const root = join(import.meta.dirname, '../../..');

/** The SDK as npm would publish it, and a folder in which it is installed. */
export interface PackedSdk {
  /** Has node_modules with the package under its own name and under `@temps-sdk/kv`. */
  directory: string;
  tarball: string;
  remove(): Promise<void>;
}

/** Builds, packs and installs the SDK apart from the clone, so that tests at the same time keep out of each other's way. */
export async function packSdk(): Promise<PackedSdk> {
  const directory = await mkdtemp(join(tmpdir(), 'cubby-sdk-'));
  const staged = join(directory, 'staged');
  const sdk = join(root, 'sdk');
  for (const name of ['package.json', 'README.md', 'LICENSE', 'src']) {
    await cp(join(sdk, name), join(staged, name), { recursive: true });
  }
  await run(join(root, 'node_modules/.bin/tsc'), ['--project', sdk, '--outDir', join(staged, 'dist')]);
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', directory], { cwd: staged });
  const name = (await readdir(directory)).find((file) => file.endsWith('.tgz')) ?? '';
  const tarball = join(directory, name);
  const packages = [`@cubby-dev/sdk@file:${tarball}`, `@temps-sdk/kv@file:${tarball}`];
  await run('npm', ['install', '--prefix', directory, '--offline', '--no-package-lock', ...packages]);
  return { directory, tarball, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** One script of everything that the package exports, in the global `sdk`: minified, for pages and edge runtimes. */
export async function bundleSdk({ directory }: PackedSdk): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: "export * from '@cubby-dev/sdk'", resolveDir: directory },
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    globalName: 'sdk',
    target: 'es2022',
  });
  return outputFiles[0]?.text ?? '';
}
