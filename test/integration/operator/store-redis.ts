import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { startRedis, type TestRedis } from '../../../cluster/test-redis.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { configMaps, secrets } from '../../../kube/resources.ts';
import { makePod, runPod } from './players.ts';
import { until, type World } from './world.ts';

/** A real Redis that runs on a store's own redis.conf and users.acl, and stands behind the store's pod. */
export interface StoreRedis {
  server: TestRedis;
  /** A connection of a user with every right, whom only the test adds. */
  admin: Redis;
  /** Reads what redis.conf and users.acl say now, as the kubelet would bring them up to date. */
  refresh(): Promise<void>;
  /** Kills Redis and starts it on the files as the API server has them now. */
  crash(): Promise<void>;
}

/** Directives that have another value outside a pod. */
const LOCAL = /^(bind|port|dir|aclfile) /;

/** Starts the Redis of a store whose children exist, makes the store's pod, and says that it is ready at `podIP`. */
export async function runStore(
  t: TestContext,
  world: World,
  namespace: string,
  version: '7.0' | '8.0',
  podIP: string,
): Promise<StoreRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'cubby-store-'));
  const paths = { conf: join(directory, 'redis.conf'), acl: join(directory, 'users.acl') };
  const refresh = async () => {
    const { conf, acl } = await readFiles(world, namespace);
    const lines = conf.split('\n').filter((line) => !LOCAL.test(line));
    await writeFile(paths.conf, lines.join('\n'));
    await writeFile(paths.acl, `${acl}user admin on nopass ~* &* +@all\n`);
  };
  await refresh();
  const server = await startRedis({ version, config: ['--include', paths.conf, '--aclfile', paths.acl] });
  const { port } = server;
  const admin = new Redis({ port, username: 'admin', password: 'any', protocol: 2, maxRetriesPerRequest: 50 });
  admin.on('error', () => {}); // it is killed on purpose
  world.redisAt.set(podIP, { host: server.host, port });
  const pod = await makePod(world, namespace);
  await runPod(world, pod, podIP);
  t.after(async () => {
    admin.disconnect();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    server,
    admin,
    refresh,
    async crash() {
      await server.kill();
      await refresh();
      await server.restart();
      await until('Redis is back', async () => (await admin.ping()) === 'PONG');
    },
  };
}

/** The files that a store's pods start by, as the API server has them. */
export async function readFiles(world: World, namespace: string): Promise<{ conf: string; acl: string }> {
  type WithData = KubeObject & { data?: Record<string, string> };
  const map = await until('ConfigMap', () => world.client.get<WithData>(configMaps, { namespace, name: 'main-redis' }));
  const secret = await until('Secret', () =>
    world.client.get<WithData>(secrets, { namespace, name: 'main-redis-acl' }),
  );
  const acl = Buffer.from(secret.data?.['users.acl'] ?? '', 'base64').toString();
  return { conf: map.data?.['redis.conf'] ?? '', acl };
}
