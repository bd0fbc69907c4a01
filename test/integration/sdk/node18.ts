import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../../cluster/command.ts';
import { withLock } from '../../../cluster/lock.ts';
import { cacheDirectory } from '../../../cluster/paths.ts';

const VERSION = '18.20.8';

/** The path of a Node 18, the oldest that the SDK supports, installed from npm where the user's cache has none. */
export async function ensureNode18(): Promise<string> {
  const name = `node-linux-${process.arch}`;
  const directory = join(cacheDirectory, `node-${VERSION}`);
  const program = join(directory, 'node_modules', name, 'bin/node');
  if (existsSync(program)) return program;
  await mkdir(directory, { recursive: true });
  await withLock(`${directory}.lock`, async () => {
    if (!existsSync(program))
      await run('npm', ['install', '--prefix', directory, '--no-package-lock', `${name}@${VERSION}`]);
  });
  return program;
}
