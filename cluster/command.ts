import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, createWriteStream, mkdirSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** How to run a command; `log` receives everything that it prints and is named in the error when it fails. */
export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  log?: string;
  input?: string;
  /** A file that the command reads as its standard input, instead of `input`. */
  inputFile?: string;
  onLine?: (line: string) => void;
}

/** A command that could not be started or ended with a failure; the message ends with what it last printed. */
export class CommandError extends Error {
  override name = 'CommandError';
}

const KEPT_LINES = 15;
const SHOWN_CHARACTERS = 200;

// A launcher that gives up leaves no build running behind it.
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill();
});

/** Runs a command to its end and resolves with its standard output; rejects with a `CommandError`. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const inputFile = options.inputFile === undefined ? undefined : openSync(options.inputFile, 'r');
  const spawnOptions: SpawnOptions = {
    stdio: [inputFile ?? 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  };
  const child = spawn(command, args, spawnOptions);
  if (inputFile !== undefined) closeSync(inputFile);
  running.add(child);
  const log = options.log ? openLog(options.log, [command, ...args].join(' ')) : undefined;
  const output: Buffer[] = [];
  const lastLines: string[] = [];
  const watchLines = splitLines((line) => {
    if (lastLines.push(line) > KEPT_LINES) lastLines.shift();
    options.onLine?.(line);
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    output.push(chunk);
    watchLines(chunk);
    log?.write(chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    watchLines(chunk);
    log?.write(chunk);
  });
  // A command that ends without reading its input is judged by its exit code, not by the broken pipe.
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input);
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      const where = options.log ? `; see ${options.log}` : '';
      const what = [basename(command), ...args].join(' ').slice(0, SHOWN_CHARACTERS);
      reject(new CommandError(`${what} ${reason}${where}\n${lastLines.join('\n')}`.trimEnd()));
    };
    child.on('error', (error) => {
      log?.end();
      fail(`could not be started: ${error.message}`);
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      log?.end();
      if (code === 0) resolve(Buffer.concat(output).toString());
      else fail(signal ? `was ended by ${signal}` : `failed with exit code ${code}`);
    });
  });
}

/**
 * Runs a command in mount and process namespaces of its own, as root: when it is interrupted, what it started and
 * mounted goes with it.
 */
export function runEnclosed(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const enclosure = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
  return run('setpriv', ['--pdeathsig=KILL', '--', 'unshare', ...enclosure, '--', command, ...args], options);
}

/** Whether a command runs to a successful end; a command that does not exist counts as no. */
export function succeeds(command: string, args: readonly string[], options: RunOptions = {}): Promise<boolean> {
  return run(command, args, options).then(
    () => true,
    () => false,
  );
}

function openLog(path: string, title: string) {
  mkdirSync(dirname(path), { recursive: true });
  const log = createWriteStream(path, { flags: 'a' });
  log.write(`$ ${title}\n`);
  return log;
}

function splitLines(onLine: (line: string) => void) {
  let rest = '';
  return (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}
