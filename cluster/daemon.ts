import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that runs until it is killed, and dies with the process that started it. */
export interface Daemon {
  pid: number;
  /** Resolves once the program has ended, for whatever reason. */
  ended: Promise<void>;
  hasEnded(): boolean;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** What to start and where its output goes. */
export interface DaemonOptions {
  command: string;
  args: readonly string[];
  log: string;
  env?: Record<string, string>;
}

/**
 * Starts a program under the kernel's promise to kill it when the starting thread dies (setpriv's parent-death
 * signal), so that no test leaves a server behind even when it is killed itself. Linux only.
 */
export function startDaemon({ command, args, log, env }: DaemonOptions): Daemon {
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a');
  const child = spawn('setpriv', ['--pdeathsig=KILL', '--', command, ...args], {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  });
  closeSync(output);
  let over = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      over = true;
      resolve();
    };
    child.once('exit', end);
    child.once('error', end);
  });
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => over,
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      await ended;
    },
  };
}

/** Ports of 127.0.0.1 that were free when asked, all different. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * Asks `isReady` until it says yes. Rejects when the daemon ends first or `timeoutMs` passes; the message carries
 * the end of the daemon's log.
 */
export async function waitUntilReady(
  daemon: Daemon,
  {
    name,
    log,
    isReady,
    timeoutMs = 60_000,
  }: {
    name: string;
    log: string;
    isReady: () => Promise<boolean>;
    timeoutMs?: number;
  },
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isReady().catch(() => false))) {
    const reason = daemon.hasEnded() ? 'ended before it was ready' : Date.now() > deadline ? 'is not ready' : undefined;
    if (reason) {
      const tail = (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(-15).join('\n');
      throw new Error(`${name} ${reason}; the end of its log:\n${tail}`);
    }
    await sleep(50);
  }
}
