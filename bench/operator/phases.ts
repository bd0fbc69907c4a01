import { type BenchCluster, startBenchCluster, until } from './cluster.ts';
import { type Creation, measureApply, measureCreation } from './create.ts';
import { type Idle, measureForeignSecrets, measureIdle } from './idle.ts';
import { measureEdit, measureRestart, measureTakeover, type Restart } from './leadership.ts';
import { startNodes } from './nodes.ts';
import { playRedis } from './played-redis.ts';
import { type ReplicaOptions, startReplica } from './replica.ts';
import { readChildren } from './stores.ts';

/** What was measured without nodes: the stores' objects are made and nothing acts on them. */
export interface WithoutNodes {
  creation: Creation;
  /** The same children applied by a client that does nothing else, in ms. */
  applyMs: number;
  /** MB by which the operator grew when 300 Secrets of 1 MB came that are none of its business. */
  foreignMegabytes: number;
  crashMs: number;
  gracefulMs: number;
  restart: Restart;
  /** An edit that came while every store was looked at again, in ms. */
  editMs: number;
}

/** What was measured with simulated nodes and a played Redis: the stores become Ready. */
export interface WithNodes {
  creation: Creation;
  /** In ms, from the first post, until every store was Ready, and CPU and memory until then. */
  readyMs: number;
  cpuSeconds: number;
  peakMegabytes: number;
  idle: Idle;
  /** An edit while no Redis answers, in ms. */
  editMs: number;
}

const FOREIGN_SECRETS = 300;

/** Runs `measure` on a cluster of its own. */
async function withCluster<T>(measure: (cluster: BenchCluster) => Promise<T>): Promise<T> {
  const cluster = await startBenchCluster();
  try {
    return await measure(cluster);
  } finally {
    await cluster.stop();
  }
}

/** Measures `WithoutNodes`. */
export function measureWithoutNodes(options: ReplicaOptions, stores: number): Promise<WithoutNodes> {
  return withCluster(async (cluster) => {
    const start = () => startReplica(cluster, options);
    const first = await start();
    const creation = await measureCreation(cluster, first, stores);
    const foreignMegabytes = await measureForeignSecrets(cluster, first, FOREIGN_SECRETS);
    const store = { namespace: 'tenant-0', name: 'store-0' };
    const second = await start();
    const crashMs = await measureTakeover(cluster, first, 'SIGKILL', store);
    const third = await start();
    const gracefulMs = await measureTakeover(cluster, second, 'SIGTERM', store);
    await third.end('SIGTERM');
    const { replica, ...restart } = await measureRestart(start, stores);
    await replica.end('SIGTERM');
    const last = await start();
    await until('the new replica leads', () => last.leads());
    const editMs = await measureEdit(cluster, store.namespace, store.name);
    await last.end('SIGTERM');
    const applyMs = await measureApply(cluster, await readChildren(cluster, stores));
    return { creation, applyMs, foreignMegabytes, crashMs, gracefulMs, restart, editMs };
  });
}

/** Measures `WithNodes`; the operator is watched for `idleSeconds` when all is done. */
export function measureWithNodes(options: ReplicaOptions, stores: number, idleSeconds: number): Promise<WithNodes> {
  return withCluster(async (cluster) => {
    const redis = await playRedis(cluster);
    const stopNodes = await startNodes(cluster);
    try {
      const replica = await startReplica(cluster, options);
      const start = performance.now();
      const cpu = replica.cpuSeconds();
      const creation = await measureCreation(cluster, replica, stores, { persistence: { mode: 'none' } });
      await until('every store is Ready', async () => (await replica.ready()) >= stores);
      const readyMs = performance.now() - start;
      const cpuSeconds = replica.cpuSeconds() - cpu;
      const peakMegabytes = replica.peakMegabytes();
      // What was told by Events, one at a time, is still being written.
      let quiet: Idle;
      do quiet = await measureIdle(replica, 5);
      while (quiet.writes > 0);
      const idle = await measureIdle(replica, idleSeconds);
      redis.behave('silent');
      const editMs = await measureEdit(cluster, 'tenant-0', 'store-0');
      await replica.end('SIGTERM');
      return { creation, readyMs, cpuSeconds, peakMegabytes, idle, editMs };
    } finally {
      await stopNodes();
      await redis.stop();
    }
  });
}
