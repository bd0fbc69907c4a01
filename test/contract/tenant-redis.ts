import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis, type TestRedis, type TestRedisOptions } from '../../cluster/test-redis.ts';
import { aclFile } from '../../contract/acl.ts';
import { redisPassword } from '../../contract/credentials.ts';
import type { LaneEvent } from '../../dataplane/store/lane.ts';
import { createPool, type Pool, type PoolOptions } from '../../dataplane/store/pool.ts';
import type { StoreAddress } from '../../dataplane/store/port.ts';

const masterKey = Buffer.alloc(32, 7);

/** A Redis as a tenant has it: the ACL file of the contract, and a user `test` besides who may do everything. */
export interface TenantRedis {
  server: TestRedis;
  address: StoreAddress;
  /** The data plane's. */
  password: string;
  /** Does what the data plane must not: looks, plants, configures. */
  admin(): Redis;
  flush(): Promise<void>;
  /** A pool with short limits, and what it reported. */
  pool(options?: Partial<PoolOptions>): { pool: Pool; events: LaneEvent[] };
  stop(): Promise<void>;
}

/** Starts a Redis of that version whose users are those of a tenant's store. */
export async function startTenantRedis(
  version: TestRedisOptions['version'],
  config: readonly string[] = [],
): Promise<TenantRedis> {
  const uid = randomUUID();
  const acl = join(tmpdir(), `cubby-acl-${uid}`);
  const password = (user: 'dataplane' | 'operator') => redisPassword(masterKey, uid, 1, user);
  const users = aclFile({ dataplane: password('dataplane'), operator: password('operator') });
  await writeFile(acl, `${users}user test on nopass ~* &* +@all\n`);
  const server = await startRedis({ version, config: ['--aclfile', acl, '--save', '', ...config] });
  const address = { uid, host: server.host, port: server.port, credentialGeneration: 1 };
  const admins: Redis[] = [];
  const admin = () => {
    const { host, port } = server;
    const redis = new Redis({ host, port, username: 'test', password: 'any', disableClientInfo: true });
    redis.on('error', () => {});
    admins.push(redis);
    return redis;
  };
  return {
    server,
    address,
    password: password('dataplane'),
    admin,
    async flush() {
      await admin().flushall();
    },
    pool(options = {}) {
      const events: LaneEvent[] = [];
      const pool = createPool({
        limits: { waitMs: 1000, inFlight: 1024, waiting: 256 },
        connectTimeoutMs: 500,
        commandTimeoutMs: 1500,
        idleCloseMs: 60_000,
        password: (store) => redisPassword(masterKey, store.uid, store.credentialGeneration, 'dataplane'),
        report: (_, event) => events.push(event),
        ...options,
      });
      return { pool, events };
    },
    async stop() {
      for (const admin of admins) admin.disconnect();
      await server.stop();
      await rm(acl, { force: true });
    },
  };
}
