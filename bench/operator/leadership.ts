import type { ApiObject } from '../../kube/object.ts';
import { type BenchCluster, kvStores, until } from './cluster.ts';
import type { Replica } from './replica.ts';

type Reported = ApiObject & { status?: { observedGeneration?: number } };

/** Edits one store and resolves with the ms until its status tells that the operator has seen to it. */
export async function measureEdit({ client }: BenchCluster, namespace: string, name: string): Promise<number> {
  const start = performance.now();
  const key = { namespace, name };
  const policy = (await client.get<Reported & { spec: { evictionPolicy: string } }>(kvStores, key))?.spec
    .evictionPolicy;
  const spec = { evictionPolicy: policy === 'noeviction' ? 'allkeys-lru' : 'noeviction' };
  const { metadata } = await client.patch<Reported>(kvStores, key, { spec }, { type: 'merge' });
  await until('the edit is seen to', async () => {
    const now = await client.get<Reported>(kvStores, key);
    return (now?.status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  });
  return performance.now() - start;
}

/** Ends the leader beside a replica that stands by, and edits a store; in ms until the other one has seen to it. */
export async function measureTakeover(
  cluster: BenchCluster,
  leader: Replica,
  signal: 'SIGTERM' | 'SIGKILL',
  store: { namespace: string; name: string },
): Promise<number> {
  await until('the leader leads', () => leader.leads());
  const start = performance.now();
  const ending = leader.end(signal);
  await measureEdit(cluster, store.namespace, store.name);
  await ending;
  return performance.now() - start;
}

/** What the first look of a new replica, alone, at all stores took: until each was reconciled, from the start of the process. */
export interface Restart {
  ms: number;
  writes: number;
  cpuSeconds: number;
}

/** Starts a replica where none runs, and the stores are as they should be. */
export async function measureRestart(
  start: () => Promise<Replica>,
  stores: number,
): Promise<Restart & { replica: Replica }> {
  const begin = performance.now();
  const replica = await start();
  await until('every store is reconciled', async () => (await replica.reconciles()) >= stores);
  const writes = Object.values(await replica.writes()).reduce((sum, count) => sum + count, 0);
  return { replica, ms: performance.now() - begin, writes, cpuSeconds: replica.cpuSeconds() };
}
