import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { ensurePackages } from '../../cluster/packages.ts';
import { consoleProgress } from '../../cluster/progress.ts';

const NAMES = ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser'];

/** Starts a headless Chromium: one that is on the PATH, or Debian's, which is installed where there is none. */
export async function startBrowser(): Promise<Browser> {
  let executablePath = findProgram();
  if (executablePath === undefined) {
    await ensurePackages(['chromium'], consoleProgress);
    executablePath = findProgram();
  }
  if (executablePath === undefined) throw new Error(`none of ${NAMES.join(', ')} is on the PATH: install one of them`);
  // Root may not use Chromium's own sandbox; the pages that it opens are ours.
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
}

function findProgram(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
