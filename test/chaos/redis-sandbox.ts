import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Daemon, startDaemon, waitUntilReady } from '../../cluster/daemon.ts';
import { redisProgram } from '../../cluster/test-redis.ts';
import { REDIS_PORT } from '../../contract/names.ts';
import { answersPing, openSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';

/** What the pod of a Redis mounts. A shard also has an address of its own, and a name. */
export interface RedisFiles {
  conf: string;
  acl: string;
  shard?: { address: string; name: string };
}

/** Directives that have another value outside a pod. */
const LOCAL = /^(bind|port|dir|aclfile) /;
const ATTEMPTS = 5;
let addresses = 0;

/** Starts the Redis of the pod of a standalone store or of a shard. */
export function startRedisSandbox(options: SandboxOptions<RedisFiles>): Sandbox {
  const { version, data, home, files } = options;
  let daemon: Daemon | undefined;
  let ip: string | undefined;

  async function write(address: string): Promise<void> {
    const now = files();
    if (!now) return;
    const aclFile = join(home, 'users.acl');
    const own = [`bind ${address}`, `port ${REDIS_PORT}`, `dir ${data}`, `aclfile ${aclFile}`];
    const lines = now.conf.split('\n').filter((line) => !LOCAL.test(line));
    await replaceFile(join(home, 'redis.conf'), [...lines, ...own, ''].join('\n'));
    await replaceFile(aclFile, now.acl);
  }

  return openSandbox(options, {
    async start({ shard }, { isEnding }) {
      await mkdir(data, { recursive: true });
      await mkdir(home, { recursive: true });
      const announce = shard && ['--cluster-announce-ip', shard.address, '--cluster-announce-hostname', shard.name];
      const byFiles = shard && hasSnapshotAlone(data) ? ['--appendonly', 'no'] : [];
      const program = await redisProgram(version);
      for (let attempt = 1; !isEnding(); attempt++) {
        const address = shard?.address ?? nextAddress();
        await write(address);
        const log = join(home, 'redis.log');
        const args = [...program.args, join(home, 'redis.conf'), ...(announce ?? []), ...byFiles];
        if (isEnding()) break;
        daemon = startDaemon({ command: program.command, args, log });
        const isReady = () => answersPing(address);
        try {
          await waitUntilReady(daemon, { name: 'redis-server', log, isReady });
          ip = address;
          return address;
        } catch (error) {
          if (!isEnding() && attempt === ATTEMPTS) throw error; // perhaps the address was taken
        }
      }
      return undefined;
    },
    async write() {
      if (ip !== undefined) await write(ip);
    },
    stop: async (signal) => daemon?.kill(signal),
  });
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
