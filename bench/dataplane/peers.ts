import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { startDaemon, waitUntilReady } from '../../cluster/daemon.ts';

/** A server under load: where it listens and whose CPU is counted. */
export interface Subject {
  pid: number;
  port: number;
  stop(): Promise<void>;
}

interface RedisAddress {
  host: string;
  port: number;
}

/** Debian's webdis with one worker thread and no log, over the same Redis. */
export async function startWebdis(directory: string, port: number, redis: RedisAddress): Promise<Subject> {
  const config = join(directory, 'webdis.json');
  await writeFile(
    config,
    JSON.stringify({
      redis_host: redis.host,
      redis_port: redis.port,
      http_host: '127.0.0.1',
      http_port: port,
      threads: 1,
      daemonize: false,
      websockets: false,
      database: 0,
      verbosity: 0,
      logfile: '/dev/null',
    }),
  );
  return startPeer(directory, 'webdis', port, ['webdis', config]);
}

/** Bare node:http and ioredis. */
export function startIoredis(directory: string, port: number, redis: RedisAddress): Promise<Subject> {
  return startNode(directory, 'ioredis', port, [redis.host, redis.port]);
}

/** Bare node:http that answers so many constant bytes. */
export function startConstant(directory: string, port: number, bytes: number): Promise<Subject> {
  return startNode(directory, 'constant', port, [bytes]);
}

/** Bare node:http that hands on values of so many bytes from Redis as they come. */
export function startPipe(directory: string, port: number, redis: RedisAddress, bytes: number): Promise<Subject> {
  return startNode(directory, 'pipe', port, [redis.host, redis.port, bytes]);
}

function startNode(directory: string, name: string, port: number, args: readonly (string | number)[]) {
  const file = join(import.meta.dirname, '../peers', `${name}.ts`);
  return startPeer(directory, name, port, [process.execPath, file, String(port), ...args.map(String)]);
}

async function startPeer(directory: string, name: string, port: number, command: readonly string[]): Promise<Subject> {
  const [program = '', ...args] = command;
  const log = join(directory, `${name}-${port}.log`);
  const daemon = startDaemon({ command: program, args, log, env: { NODE_ENV: 'production' } });
  await waitUntilReady(daemon, { name, log, isReady: () => accepts(port) });
  return { pid: daemon.pid, port, stop: () => daemon.kill() };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
  });
}
