import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What came of a run. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** How a run begins, and when it is interrupted. */
export interface RunOptions {
  env?: Record<string, string>;
  input?: string | Buffer;
  /** Sends SIGINT as soon as this is printed. */
  interruptAt?: RegExp;
  /** Program and script in place of the sources. */
  program?: readonly [string, ...string[]];
}

/** The sources of the command line. */
const SOURCES = [process.execPath, join(import.meta.dirname, '../../../cli/main.ts')] as const;

/** Runs cubby to its end, with nothing of the caller's environment but PATH. */
export function runCubby(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { env = {}, input = '', interruptAt, program: [program, ...words] = SOURCES } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...words, ...args], {
      env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    });
    const outcome: Outcome = { code: null, stdout: '', stderr: '' };
    let interrupted = false;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk) => {
        outcome[name] += chunk;
        if (!interrupted && interruptAt?.test(outcome[name])) interrupted = child.kill('SIGINT');
      });
    }
    child.once('error', reject).once('close', (code) => resolve({ ...outcome, code }));
    child.stdin.on('error', () => {}).end(input);
  });
}
