import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startRedis, type TestRedis } from '../../../cluster/test-redis.ts';
import { REDIS_PORT } from '../../../contract/names.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { services, statefulSets } from '../../../kube/resources.ts';
import { makePod, runPod } from './players.ts';
import { readFiles } from './store-redis.ts';
import { until, type World } from './world.ts';

/** Starts the Redis of a shard at `host`, by the store's own files and with an empty volume. */
export async function startShard(t: TestContext, world: World, namespace: string, host: string): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'cubby-shard-'));
  const { conf, acl } = await readFiles(world, namespace);
  const paths = { conf: join(directory, 'redis.conf'), acl: join(directory, 'users.acl') };
  await writeFile(paths.conf, conf.replace(/^(bind|port|dir|aclfile) .*$/gm, ''));
  await writeFile(paths.acl, acl);
  const announce = ['--cluster-announce-ip', host, '--cluster-announce-hostname', host];
  const config = ['--include', paths.conf, '--aclfile', paths.acl, ...announce];
  const redis = await startRedis({ version: '8.0', config, listen: { host, port: REDIS_PORT } });
  t.after(async () => {
    await redis.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return redis;
}

/** Plays the kubelet of one shard at `host`, which no other has, as a pod's address. */
export async function runShard(
  t: TestContext,
  world: World,
  namespace: string,
  ordinal: number,
  host: string,
): Promise<TestRedis> {
  const redis = await startShard(t, world, namespace, host);
  const name = `main-redis-${ordinal}`;
  type Service = KubeObject & { spec: { clusterIP: string } };
  const service = await until(`Service ${name}`, () => world.client.get<Service>(services, { namespace, name }));
  world.redisAt.set(service.spec.clusterIP, { host, port: REDIS_PORT });
  await runPod(world, await makePod(world, namespace, 'main', ordinal), host);
  return redis;
}

/** Resolves once the operator wants so many pods of the store. */
export function podsWanted(world: World, namespace: string, count: number): Promise<unknown> {
  return until(`a StatefulSet of ${count}`, async () => {
    type StatefulSet = KubeObject & { spec: { replicas: number } };
    const set = await world.client.get<StatefulSet>(statefulSets, { namespace, name: 'main-redis' });
    return set?.spec.replicas === count;
  });
}
