import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Block } from './blocks.ts';
import { differenceOf } from './compare.ts';
import { moduleOf, modulePrints, numbered, scriptOf } from './script.ts';

/** No page may take longer. */
const LIMIT_MS = 150_000;

/** Where a page runs. */
export interface Place {
  /** Its working directory; outputs and the page's module go below it. */
  directory: string;
  environment: Record<string, string>;
  /** What the shell runs before the page's first block. */
  prelude: string;
}

/** What came of a page: how many blocks ran to their end as they should, and what went wrong, in words. */
export interface Outcome {
  ran: number;
  failures: string[];
}

/** Runs the blocks of a page in order and compares what they print with what the page shows. */
export async function runPage(page: string, blocks: readonly Block[], place: Place): Promise<Outcome> {
  const chosen = numbered(blocks);
  const outputs = join(place.directory, '.page');
  mkdirSync(outputs);
  const text = moduleOf(chosen);
  // Beside node_modules, so that the module finds the packages that it imports.
  if (text !== undefined) writeFileSync(join(outputs, 'page.mts'), text);
  const status = await runScript(scriptOf(chosen, outputs, place.prelude), place);

  const failures: string[] = [];
  const read = (number: number, stream: string) => {
    const path = join(outputs, `${number}.${stream}`);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  const begun = chosen.filter(({ number }) => read(number, 'out') !== undefined);
  const broken = status === 0 ? undefined : begun.at(-1);
  if (broken) {
    const { number, block } = broken;
    failures.push(`${page}:${block.line}: ${status}\n${read(number, 'out')}${read(number, 'err')}`);
  } else if (status !== 0) failures.push(`${page}: ${status}`);

  const lastModule = chosen.findLast(({ block }) => block.language === 'ts')?.number ?? -1;
  const prints = modulePrints(read(lastModule, 'out') ?? '');
  let ran = 0;
  for (const { number, block } of chosen) {
    const printed = block.language === 'ts' ? prints.get(number) : read(number, 'out');
    if (number === broken?.number) continue;
    if (printed === undefined) {
      // After a failure that is as it should be.
      if (status === 0) failures.push(`${page}:${block.line}: has not run, because a block before it ended the page`);
      continue;
    }
    const difference = block.output && differenceOf(block.output, printed);
    if (difference) failures.push(`${page}:${block.line}: the output is not what the page shows: ${difference}`);
    else ran++;
  }
  return { ran, failures };
}

/** Runs a script to its end, and ends what it left in the background: 0, or in words how it failed. */
function runScript(script: string, { directory, environment }: Place): Promise<0 | string> {
  const child = spawn('bash', ['-c', script], {
    cwd: directory,
    env: { ...environment, HOME: directory },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  const endAll = () => {
    try {
      if (child.pid) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nothing is left of it.
    }
  };
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    endAll();
  }, LIMIT_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      endAll();
      if (late) resolve(`not at its end after ${LIMIT_MS / 1000} s`);
      else resolve(code === 0 ? 0 : `failed with ${signal ?? `exit code ${code}`}`);
    });
  });
}
