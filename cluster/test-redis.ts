import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePorts, startDaemon, waitUntilReady } from './daemon.ts';
import { consoleProgress } from './progress.ts';
import { ensureRootDirectory, redisRoots } from './rootfs.ts';

/** A real redis-server of one test, on a loopback address, with a directory of its own. */
export interface TestRedis {
  host: string;
  port: number;
  /** Ends the server at once, as a crash would; its files stay for `restart`. */
  kill(): Promise<void>;
  /** Ends the server in order (SIGTERM, which saves as configured) if it runs, and starts it on the same port and files. */
  restart(): Promise<void>;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

/**
 * Which Redis to start; `config` are command-line arguments of redis-server, such as `['--appendonly', 'yes']`. It
 * listens on a free port of 127.0.0.1 where `listen` names nothing else.
 */
export interface TestRedisOptions {
  version: keyof typeof redisRoots;
  config?: readonly string[];
  listen?: { host: string; port: number };
}

/**
 * Starts the redis-server of a product image's root file system straight from its directory, so that no package of
 * that name has to be on the host. Resolves once the port answers; the server ends with the calling process.
 */
export async function startRedis({ version, config = [], listen }: TestRedisOptions): Promise<TestRedis> {
  const program = await redisProgram(version);
  const directory = join(tmpdir(), `cubby-redis-${process.pid}-${randomBytes(4).toString('hex')}`);
  await mkdir(directory, { mode: 0o700 });
  const { host, port } = listen ?? { host: '127.0.0.1', port: (await findFreePorts(1))[0] ?? 0 };
  const log = join(directory, 'redis.log');
  const start = async () => {
    const told = existsSync(log) ? (await stat(log)).size : 0;
    const daemon = startDaemon({
      command: program.command,
      args: [...program.args, '--bind', host, '--port', String(port), '--dir', directory, ...config],
      log,
    });
    // While it was down another process may have taken its port, and would be written to in its place.
    const isReady = async () =>
      (await accepts(host, port)) && (await readFile(log)).subarray(told).includes('Server initialized');
    await waitUntilReady(daemon, { name: 'redis-server', log, isReady });
    return daemon;
  };
  let daemon = await start();
  return {
    host,
    port,
    kill: () => daemon.kill(),
    async restart() {
      await daemon.kill('SIGTERM');
      daemon = await start();
    },
    async stop() {
      await daemon.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * The redis-server of a product image's root file system, as a command of the host: the loader of that root runs it with
 * the libraries of that root, whatever the host's are.
 */
export async function redisProgram(version: keyof typeof redisRoots): Promise<{ command: string; args: string[] }> {
  const root = await ensureRootDirectory(redisRoots[version], consoleProgress);
  const loader = ['lib64/ld-linux-x86-64.so.2', 'lib/ld-linux-aarch64.so.1'].find((path) =>
    existsSync(join(root, path)),
  );
  if (!loader) throw new Error(`no dynamic loader for ${process.arch} in ${root}: remove that directory and try again`);
  const triplet = loader.includes('x86-64') ? 'x86_64-linux-gnu' : 'aarch64-linux-gnu';
  const libraries = ['lib', 'usr/lib'].map((path) => join(root, path, triplet)).join(':');
  return { command: join(root, loader), args: ['--library-path', libraries, join(root, 'usr/bin/redis-server')] };
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
