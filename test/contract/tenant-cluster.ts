import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startCluster, type TestCluster } from '../../cluster/test-cluster.ts';
import type { TestRedis, TestRedisOptions } from '../../cluster/test-redis.ts';
import { aclFile } from '../../contract/acl.ts';
import { redisPassword } from '../../contract/credentials.ts';
import type { LaneEvent } from '../../dataplane/store/lane.ts';
import { createPool, type Pool, type PoolOptions } from '../../dataplane/store/pool.ts';
import type { StoreAddress } from '../../dataplane/store/port.ts';

const masterKey = Buffer.alloc(32, 7);
/** Who may do everything; the test adds it to the users of a tenant's store. */
const ADMIN = { username: 'test', password: 'any' };

/** A Redis Cluster as a tenant has it: shards with the ACL file of the contract, and a user besides who may do everything. */
export interface TenantCluster {
  /** As the directory gives it; made anew by `grow`. */
  address: StoreAddress;
  shards: readonly TestRedis[];
  /** The data plane's. */
  password: string;
  /** Does what the data plane must not, at one shard. */
  admin(shard: number): Redis;
  /** Moves slots from one shard to another as the operator does, key by key; `each` is called when a slot is half moved. */
  move(slots: readonly number[], from: number, to: number, each?: (slot: number) => Promise<void>): Promise<void>;
  /** One more shard joins, without slots; the address names it. */
  grow(): Promise<StoreAddress>;
  flush(): Promise<void>;
  /** A pool with short limits, and what it reported. */
  pool(options?: Partial<PoolOptions>): { pool: Pool; events: LaneEvent[] };
  stop(): Promise<void>;
}

/** Starts a Redis Cluster of that version whose users are those of a tenant's store. */
export async function startTenantCluster(
  version: TestRedisOptions['version'],
  count: number,
  config: readonly string[] = [],
): Promise<TenantCluster> {
  const uid = randomUUID();
  const acl = join(tmpdir(), `cubby-acl-${uid}`);
  const password = (user: 'dataplane' | 'operator' | 'cluster') => redisPassword(masterKey, uid, 1, user);
  const users = aclFile({
    dataplane: password('dataplane'),
    operator: password('operator'),
    cluster: password('cluster'),
  });
  await writeFile(acl, `${users}user test on nopass ~* &* +@all\n`);
  const options = { version, config: ['--aclfile', acl, '--save', '', ...config] };
  const cluster: TestCluster = await startCluster(options, count, ADMIN);
  const endpoints = () => cluster.shards.map(({ host, port }) => ({ host, port }));
  const addressNow = (): StoreAddress => {
    const [{ host, port } = { host: '', port: 0 }] = endpoints();
    return { uid, host, port, credentialGeneration: 1, topology: { mode: 'Sharded', members: endpoints() } };
  };
  const admins = new Map<string, Redis>();
  const connect = (shard: number, user: { username: string; password: string }) => {
    const key = `${shard} ${user.username}`;
    const known = admins.get(key);
    if (known) return known;
    const { host, port } = cluster.shards[shard] as TestRedis;
    const redis = new Redis({ host, port, ...user, protocol: 2, disableClientInfo: true, enableReadyCheck: false });
    redis.on('error', () => {});
    admins.set(key, redis);
    return redis;
  };
  const admin = (shard: number) => connect(shard, ADMIN);
  const tenant: TenantCluster = {
    address: addressNow(),
    shards: cluster.shards,
    password: password('dataplane'),
    admin,
    async move(slots, from, to, each) {
      const secret = password('cluster');
      const mover = (shard: number) => connect(shard, { username: 'cluster', password: secret });
      const ids = await Promise.all([from, to].map((shard) => admin(shard).call('CLUSTER', 'MYID')));
      const [source = '', target = ''] = ids.map(String);
      const { host, port } = cluster.shards[to] as TestRedis;
      for (const slot of slots) {
        await mover(to).call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source);
        await mover(from).call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target);
        for (let round = 0; ; round++) {
          const keys = (await mover(from).call('CLUSTER', 'GETKEYSINSLOT', slot, 3)) as string[];
          if (keys.length === 0) break;
          const auth = ['AUTH2', 'cluster', secret];
          await mover(from).call('MIGRATE', host, port, '', 0, 5000, 'REPLACE', ...auth, 'KEYS', ...keys);
          if (round === 0) await each?.(slot);
        }
        for (const shard of [to, from]) await mover(shard).call('CLUSTER', 'SETSLOT', slot, 'NODE', target);
      }
    },
    async grow() {
      await cluster.join();
      tenant.address = addressNow();
      return tenant.address;
    },
    async flush() {
      await Promise.all(cluster.shards.map((_, shard) => admin(shard).flushall()));
    },
    pool(overrides = {}) {
      const events: LaneEvent[] = [];
      const pool = createPool({
        limits: { waitMs: 1000, inFlight: 1024, waiting: 256 },
        connectTimeoutMs: 500,
        commandTimeoutMs: 1500,
        idleCloseMs: 60_000,
        password: (store) => redisPassword(masterKey, store.uid, store.credentialGeneration, 'dataplane'),
        report: (_, event) => events.push(event),
        ...overrides,
      });
      return { pool, events };
    },
    async stop() {
      for (const each of admins.values()) each.disconnect();
      await cluster.stop();
      await rm(acl, { force: true });
    },
  };
  return tenant;
}
