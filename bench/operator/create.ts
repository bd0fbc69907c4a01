import type { ApiObject, KubeObject } from '../../kube/object.ts';
import { resourceOf } from '../../kube/resources.ts';
import { atOnce, type BenchCluster, until } from './cluster.ts';
import type { Replica } from './replica.ts';
import { CHILD_KINDS, countChildren, postStores } from './stores.ts';

/** What it took the operator to make the children of all stores. */
export interface Creation {
  /** In ms, from the first post: until all stores were posted, and until all children existed. */
  postedMs: number;
  childrenMs: number;
  /** In ms, until every store had a status as well. */
  reportedMs: number;
  /** Seconds of CPU of the operator until then. */
  cpuSeconds: number;
  peakMegabytes: number;
  /** Requests of the operator that changed something, by verb and resource. */
  writes: Record<string, number>;
}

/** Posts the stores at once and waits until the operator has made and reported everything. */
export async function measureCreation(
  cluster: BenchCluster,
  replica: Replica,
  stores: number,
  spec: Record<string, unknown> = {},
): Promise<Creation> {
  const namespaceOf = await cluster.createTenants('tenant');
  const before = await countChildren(cluster);
  const cpu = replica.cpuSeconds();
  const start = performance.now();
  const posting = postStores(cluster, stores, namespaceOf, spec);
  await until('all children exist', async () => {
    replica.check();
    const counts = await countChildren(cluster);
    return CHILD_KINDS.every(({ perStore }, i) => (counts[i] ?? 0) - (before[i] ?? 0) >= stores * perStore);
  });
  const childrenMs = performance.now() - start;
  await until(
    'every store has a status',
    async () => ((await replica.writes())['patch kvstores/status'] ?? 0) >= stores,
  );
  return {
    postedMs: await posting,
    childrenMs,
    reportedMs: performance.now() - start,
    cpuSeconds: replica.cpuSeconds() - cpu,
    peakMegabytes: replica.peakMegabytes(),
    writes: await replica.writes(),
  };
}

/**
 * The least that the same children can take on this API server: a client that knows them beforehand applies them, over 20
 * connections, without looking, watching or reporting. In ms.
 */
export async function measureApply(
  { client, createTenants }: BenchCluster,
  children: readonly ApiObject[],
): Promise<number> {
  const namespaceOf = await createTenants('naive');
  const bodies = children.map((child, index) => bare(child as KubeObject, namespaceOf(index)));
  return atOnce(bodies.length, (index) => {
    const body = bodies[index] as KubeObject;
    return client.apply(resourceOf(body), body, { fieldManager: 'bench' });
  });
}

/** The object as somebody who wants it made would send it. */
function bare({ status: _, metadata, spec, ...rest }: KubeObject, namespace: string): KubeObject {
  const { name, labels = {}, annotations = {} } = metadata;
  const { clusterIP, clusterIPs: __, ...fields } = (spec ?? {}) as Record<string, unknown>;
  const kept = { ...fields, ...(clusterIP === 'None' && { clusterIP }) };
  return { ...rest, metadata: { name, namespace, labels, annotations }, ...(spec !== undefined && { spec: kept }) };
}
