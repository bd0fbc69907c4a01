import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, succeeds } from '../../cluster/command.ts';
import { withLock } from '../../cluster/lock.ts';
import { ensurePackages } from '../../cluster/packages.ts';
import { cacheDirectory } from '../../cluster/paths.ts';
import { consoleProgress } from '../../cluster/progress.ts';

const requirements = join(import.meta.dirname, 'requirements.txt');
const CHECK = 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))';

/** The program `schemathesis` of the pinned version, in a virtual environment that all clones of this user share. */
export async function ensureSchemathesis(): Promise<string> {
  const name = `schemathesis-${hash('sha256', readFileSync(requirements)).slice(0, 12)}`;
  const directory = join(cacheDirectory, name);
  // Written last: an installation that broke off is begun anew.
  const complete = join(directory, 'complete');
  await withLock(join(cacheDirectory, 'schemathesis.lock'), async () => {
    if (existsSync(complete)) return;
    await requirePython();
    await removeOld();
    const log = join(cacheDirectory, 'logs', 'schemathesis.log');
    await consoleProgress.step('installing schemathesis', async (tell) => {
      await run('python3', ['-m', 'venv', directory], { log });
      const pip = ['-m', 'pip', 'install', '--require-hashes', '--only-binary', ':all:', '--requirement', requirements];
      await run(join(directory, 'bin/python'), pip, { log, onLine: tell });
    });
    await writeFile(complete, '');
  });
  return join(directory, 'bin/schemathesis');
}

/** A Python that can make virtual environments; Debian's is installed where there is none. */
async function requirePython(): Promise<void> {
  if (await succeeds('python3', ['-c', CHECK])) return;
  try {
    await ensurePackages(['python3', 'python3-venv'], consoleProgress);
  } catch (error) {
    throw new Error(`schemathesis needs Python 3.11 or newer with its module venv: ${(error as Error).message}`);
  }
  if (await succeeds('python3', ['-c', CHECK])) return;
  throw new Error('schemathesis needs Python 3.11 or newer with its module venv: put such a python3 on the PATH');
}

async function removeOld(): Promise<void> {
  for (const name of await readdir(cacheDirectory)) {
    if (/^schemathesis-[0-9a-f]+$/.test(name)) await rm(join(cacheDirectory, name), { recursive: true });
  }
}
