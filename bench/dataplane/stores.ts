import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../../cluster/test-redis.ts';
import { aclFile } from '../../contract/acl.ts';
import { aclPasswordHash } from '../../contract/credentials.ts';
import { REDIS_PORT } from '../../contract/names.ts';

/** A Redis under the data plane and its peers. */
export interface BenchRedis {
  host: string;
  port: number;
  /** May do everything. */
  admin: Redis;
  cpuSeconds(): Promise<number>;
  /** Commands that it has run so far. */
  commands(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts Redis 8.0 without persistence at the port of a store's Service. The data plane's user takes any of
 * `passwords`, so that several stores may share it; peers connect without a password.
 */
export async function startBenchRedis(
  directory: string,
  host: string,
  passwords: readonly string[],
): Promise<BenchRedis> {
  const acl = join(directory, `users-${host}.acl`);
  const hashes = passwords.map((password) => `#${aclPasswordHash(password)}`).join(' ');
  const users = aclFile({ dataplane: '', operator: '' })
    .replace(/^user default .*$/m, 'user default on nopass ~* &* +@all')
    .replace(/^(user dataplane on) \S+/m, `$1 ${hashes}`);
  await writeFile(acl, users);
  const server = await startRedis({
    version: '8.0',
    config: ['--aclfile', acl, '--save', '', '--appendonly', 'no', '--io-threads', '1'],
    listen: { host, port: REDIS_PORT },
  });
  const admin = new Redis({ host, port: REDIS_PORT, disableClientInfo: true });
  const info = async (name: string) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(await admin.info('all'))?.[1]);
  return {
    host,
    port: REDIS_PORT,
    admin,
    cpuSeconds: async () => (await info('used_cpu_user')) + (await info('used_cpu_sys')),
    commands: () => info('total_commands_processed'),
    async stop() {
      admin.disconnect();
      await server.stop();
    },
  };
}
