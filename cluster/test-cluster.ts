import { Redis } from 'ioredis';
import { findFreePorts } from './daemon.ts';
import { startRedis, type TestRedis, type TestRedisOptions } from './test-redis.ts';

/** Hash slots of a Redis Cluster. */
const SLOTS = 16_384;
const JOIN_MS = 30_000;

/** A Redis Cluster of processes on 127.0.0.1, each of which has an even part of the slots. */
export interface TestCluster {
  shards: readonly TestRedis[];
  /** Starts one more shard, which joins and has no slots. */
  join(): Promise<TestRedis>;
  stop(): Promise<void>;
}

/**
 * Starts a cluster of so many shards. `user` may do everything there. Shards are known to one another, and in redirects,
 * as 127.0.0.1 and their ports.
 */
export async function startCluster(
  { version, config = [] }: Pick<TestRedisOptions, 'version' | 'config'>,
  count: number,
  user: { username: string; password: string },
): Promise<TestCluster> {
  const host = '127.0.0.1';
  const shards: TestRedis[] = [];
  const buses: number[] = [];
  const start = async () => {
    const [port = 0, bus = 0] = await findFreePorts(2);
    const options = [
      ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-announce-hostname', host],
      ['--cluster-preferred-endpoint-type', 'hostname', '--cluster-require-full-coverage', 'no'],
      ['--cluster-node-timeout', '2000'],
    ];
    shards.push(await startRedis({ version, config: [...options.flat(), ...config], listen: { host, port } }));
    buses.push(bus);
  };
  const joined = async () => {
    const [first] = shards;
    if (!first) return;
    for (const [i, { port }] of shards.entries())
      await ask(first.port, user, ['CLUSTER', 'MEET', host, String(port), String(buses[i])]);
    const end = performance.now() + JOIN_MS;
    for (const { port } of shards) {
      while (!(await knows(port, user, shards.length))) {
        if (performance.now() > end) throw new Error(`the shards do not find one another in ${JOIN_MS} ms`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  for (let i = 0; i < count; i++) await start();
  for (const [i, { port }] of shards.entries()) {
    const [from, to] = [i, i + 1].map((part) => Math.round((part * SLOTS) / count));
    await ask(port, user, ['CLUSTER', 'ADDSLOTSRANGE', String(from), String((to ?? 0) - 1)]);
  }
  await joined();
  return {
    shards,
    async join() {
      await start();
      await joined();
      return shards.at(-1) as TestRedis;
    },
    async stop() {
      await Promise.all(shards.map((shard) => shard.stop()));
    },
  };
}

/** Whether a shard knows so many nodes by their names, and that all slots are served. */
async function knows(port: number, user: { username: string; password: string }, count: number): Promise<boolean> {
  const slots = (await ask(port, user, ['CLUSTER', 'SLOTS'])) as [number, number, [string | null]][];
  const info = String(await ask(port, user, ['CLUSTER', 'INFO']));
  const covered = slots.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  const named = slots.every(([, , [name]]) => name !== null && name !== '?' && name !== '');
  return (
    named && covered === SLOTS && info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}\r`)
  );
}

async function ask(
  port: number,
  user: { username: string; password: string },
  [command = '', ...args]: readonly string[],
): Promise<unknown> {
  const redis = new Redis({ port, ...user, lazyConnect: true, disableClientInfo: true, protocol: 2 });
  try {
    await redis.connect();
    return await redis.call(command, ...args);
  } finally {
    redis.disconnect();
  }
}
