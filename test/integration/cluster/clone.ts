import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { deriveLayout, type Layout } from '../../../cluster/embedded/layout.ts';
import { cloneDirectory } from '../../../cluster/paths.ts';
import { isAlive } from '../../../cluster/process.ts';
import { findProcesses } from './traces.ts';

/** How a program ended; one that ran into its time limit was killed and has no code. */
export interface Outcome {
  code: number | undefined;
  stdout: string;
  stderr: string;
}

/** A second clone beside this one, with a cluster of its own. */
export interface Clone {
  directory: string;
  layout: Layout;
  start(...args: string[]): Promise<Outcome>;
  stop(...args: string[]): Promise<Outcome>;
  /** Runs one of the two commands as a user who is not root, though allowed to read every file. */
  asOther(command: 'start' | 'stop'): Promise<Outcome>;
}

const PREFIX = 'cubby-clone-';
const START_MS = 400_000;
const STOP_MS = 60_000;

const unprivileged = [
  ...['--reuid=65534', '--regid=65534', '--clear-groups'],
  ...['--inh-caps=+dac_override', '--ambient-caps=+dac_override', '--'],
];

/**
 * Makes a clone in a temporary directory, a copy of this one unless `fill` puts another tree there, with the packages
 * that are installed here. It goes with its cluster when the calling process ends; one of a process that was killed goes now.
 */
export function makeClone(fill: (directory: string) => void = copyThis): Clone {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) && Number(name.slice(PREFIX.length).split('-')[0]);
    if (pid && !isAlive(pid)) discard(join(tmpdir(), name));
  }
  const directory = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  process.once('exit', () => discard(directory));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  fill(directory);
  symlinkSync(join(cloneDirectory, 'node_modules'), join(directory, 'node_modules'));
  const node = (limitMs: number, ...args: string[]) => execute(process.execPath, args, { cwd: directory, limitMs });
  return {
    directory,
    layout: deriveLayout(directory, []),
    start: (...args) => node(START_MS, 'cluster/start.ts', ...args),
    stop: (...args) => node(STOP_MS, 'cluster/stop.ts', ...args),
    asOther: (command) =>
      execute('setpriv', [...unprivileged, process.execPath, `cluster/${command}.ts`], {
        cwd: directory,
        limitMs: STOP_MS,
      }),
  };
}

function copyThis(directory: string): void {
  const left = ['.git', '.cluster', 'node_modules'].map((name) => join(cloneDirectory, name));
  cpSync(cloneDirectory, directory, { recursive: true, filter: (path) => !left.includes(path) });
}

/** Runs a program to its end or its limit, without judging how it ended. */
export function execute(
  command: string,
  args: readonly string[],
  { cwd, limitMs }: { cwd?: string; limitMs: number },
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { timeout: limitMs, killSignal: 'SIGKILL' as const, ...(cwd === undefined ? {} : { cwd }) };
    const child = execFile(command, args, options, (_error, stdout, stderr) => {
      process.off('exit', end);
      resolve({ code: child.exitCode ?? undefined, stdout, stderr });
    });
    // Before the clone is discarded, or a start on its way would bring up what nobody stops.
    const end = () => child.kill('SIGKILL');
    process.prependOnceListener('exit', end);
  });
}

/**
 * Can do its work while a process ends, also one whose tests were interrupted. Where the stop under test fails, what it
 * leaves ends by force; any later start or stop removes the rest, as it does for every clone that is gone.
 */
function discard(directory: string): void {
  const options = { cwd: directory, timeout: STOP_MS, stdio: 'ignore' } as const;
  const { status } = spawnSync(process.execPath, ['cluster/stop.ts', '--delete'], options);
  if (status !== 0) for (const { pid } of findProcesses([basename(directory)])) process.kill(pid, 'SIGKILL');
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
}
