import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Daemon, startDaemon, waitUntilReady } from '../../cluster/daemon.ts';
import { redisProgram } from '../../cluster/test-redis.ts';
import { REDIS_PORT } from '../../contract/names.ts';

/** What a pod mounts, as text; undefined while it is not there. A shard also has an address of its own, and a name. */
export type Files = () => { conf: string; acl: string; shard?: { address: string; name: string } } | undefined;

export interface SandboxOptions {
  version: '7.0' | '8.0';
  /** The volume's directory, made where it is not there. */
  data: string;
  /** A directory for what goes with the pod. */
  home: string;
  files: Files;
  /** Who holds each volume now: the next Redis waits for that, as the lock of the pod's command has it. */
  holders: Map<string, Promise<void>>;
}

/** The Redis of one pod. */
export interface Sandbox {
  /** Its address once it is ready; undefined where it was ended before. */
  ready: Promise<string | undefined>;
  ip: () => string | undefined;
  /** Brings the mounted files up to date. */
  refresh(): Promise<void>;
  /** Ends Redis: in order with SIGTERM, or at once. Resolves when it is gone, also the second time. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const PORT = REDIS_PORT;
/** Directives that have another value outside a pod. */
const LOCAL = /^(bind|port|dir|aclfile) /;
const ATTEMPTS = 5;
let addresses = 0;

/** Starts the Redis of a pod as soon as its files are there and nobody else holds its volume. */
export function startSandbox({ version, data, home, files, holders }: SandboxOptions): Sandbox {
  let daemon: Daemon | undefined;
  let ip: string | undefined;
  let ending = false;
  let writing: Promise<void> = Promise.resolve();
  const gone = Promise.withResolvers<void>();
  const before = holders.get(data);
  holders.set(data, gone.promise);

  async function start(): Promise<string | undefined> {
    await before;
    await mkdir(data, { recursive: true });
    await mkdir(home, { recursive: true });
    while (!files() && !ending) await sleep(20);
    const { shard } = files() ?? {};
    const announce = shard && ['--cluster-announce-ip', shard.address, '--cluster-announce-hostname', shard.name];
    const byFiles = shard && hasSnapshotAlone(data) ? ['--appendonly', 'no'] : [];
    const program = await redisProgram(version);
    for (let attempt = 1; !ending; attempt++) {
      const address = shard?.address ?? nextAddress();
      await write(address);
      const log = join(home, 'redis.log');
      const args = [...program.args, join(home, 'redis.conf'), ...(announce ?? []), ...byFiles];
      if (ending) break;
      daemon = startDaemon({ command: program.command, args, log });
      const isReady = () => answersPing(address);
      try {
        await waitUntilReady(daemon, { name: 'redis-server', log, isReady });
        ip = address;
        return address;
      } catch (error) {
        if (!ending && attempt === ATTEMPTS) throw error; // perhaps the address was taken
      }
    }
    return undefined;
  }

  async function write(address: string): Promise<void> {
    const now = files();
    if (!now) return;
    const aclFile = join(home, 'users.acl');
    const own = [`bind ${address}`, `port ${PORT}`, `dir ${data}`, `aclfile ${aclFile}`];
    const lines = now.conf.split('\n').filter((line) => !LOCAL.test(line));
    await replaceFile(join(home, 'redis.conf'), [...lines, ...own, ''].join('\n'));
    await replaceFile(aclFile, now.acl);
  }

  const ready = start();
  ready.catch(() => {});
  return {
    ready,
    ip: () => ip,
    refresh() {
      // One after the other, so that the newest stays.
      writing = writing.then(() => (ip === undefined || ending ? undefined : write(ip)));
      return writing;
    },
    async end(signal) {
      if (ending) return gone.promise;
      ending = true;
      await (daemon ? daemon.kill(signal) : ready.catch(() => {}));
      await writing;
      await rm(home, { recursive: true, force: true });
      gone.resolve();
    },
  };
}

/** As a shard's pod looks before it starts, see operator/resources/pod-template.ts. */
function hasSnapshotAlone(data: string): boolean {
  const log = join(data, 'appendonlydir');
  const hasLog = existsSync(log) && readdirSync(log).some((name) => name.endsWith('.manifest'));
  return !hasLog && existsSync(join(data, 'dump.rdb'));
}

/** An address of the loopback network that no other sandbox of this process has, and hardly one of another process. */
function nextAddress(): string {
  const n = addresses++;
  return `127.${16 + (process.pid % 200)}.${(n >> 8) & 255}.${n & 255 || 256 - 1}`;
}

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

/** As the readiness probe asks: as the user "probe", and LOADING is no answer. */
export function answersPing(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect({ host, port: PORT, timeout: 1000 }, () => socket.write('AUTH probe none\r\nPING\r\n'));
    const end = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.on('data', (chunk) => {
      heard += chunk;
      if (heard.split('\r\n').length > 2) end(heard.includes('+PONG'));
    });
    socket
      .on('timeout', () => end(false))
      .on('error', () => end(false))
      .on('close', () => end(false));
  });
}
