import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl, read } from '../../test/e2e/cluster.ts';
import { createTenant, type Tenant } from '../../test/e2e/tenant.ts';

/** A way of keeping data, as `spec.persistence` has it. */
export interface Setting {
  name: string;
  persistence: { mode: 'aof' | 'rdb' | 'none'; fsync?: 'everysec' | 'always' };
  /** Whether what was acknowledged must be there after Redis was killed. */
  survivesKill: boolean;
  /** Whether it must be there after Redis was stopped in good order. */
  survivesStop: boolean;
}

/** Every way of keeping data. */
export const settings: readonly Setting[] = [
  { name: 'everysec', persistence: { mode: 'aof', fsync: 'everysec' }, survivesKill: true, survivesStop: true },
  { name: 'always', persistence: { mode: 'aof', fsync: 'always' }, survivesKill: true, survivesStop: true },
  { name: 'rdb', persistence: { mode: 'rdb' }, survivesKill: false, survivesStop: true },
  { name: 'none', persistence: { mode: 'none' }, survivesKill: false, survivesStop: false },
];

/** Lends a tenant for `work`; its namespace goes when that ends. */
export async function withTenant<T>(
  name: string,
  spec: Record<string, unknown>,
  work: (tenant: Tenant) => Promise<T>,
): Promise<T> {
  const namespace = `bench-durability-${name}`;
  // A run that was broken off leaves one, with keys of the names that this one uses.
  await kubectl('delete', 'namespace', namespace, '--ignore-not-found');
  const cleanups: (() => unknown)[] = [];
  const context = { after: (cleanup?: unknown) => void cleanups.push(cleanup as () => unknown) };
  try {
    return await work(await createTenant(context, namespace, spec));
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
}

/** The UID of a store's pod. */
export async function podUid(namespace: string): Promise<string> {
  return (await read('pod', namespace, 'main-redis-0')).metadata.uid;
}

/** Options of `kubectl delete` that let a pod go without waiting for its end. */
export const FORCE = ['--grace-period=0', '--force'];

/** Deletes a store's pod, and resolves once its successor is ready. */
export async function replacePod(namespace: string, options: readonly string[] = []): Promise<void> {
  const name = 'main-redis-0';
  const uid = await podUid(namespace);
  await kubectl('delete', 'pod', name, '-n', namespace, '--wait=false', ...options);
  for (;;) {
    const pod = await read('pod', namespace, name);
    if (pod && pod.metadata.uid !== uid && pod.status.containerStatuses?.[0]?.ready) return;
    await sleep(50);
  }
}

/**
 * The pods of a part of Cubby that run, the one whose process is the oldest first: clients keep their connections, so
 * after a fault it is the one that serves them.
 */
export async function podsOf(component: string): Promise<{ name: string; uid: string }[]> {
  const selector = ['-n', 'cubby-system', '-l', `app.kubernetes.io/component=${component}`];
  const { items } = JSON.parse(await kubectl('get', 'pods', ...selector, '-o', 'json')) as { items: RunningPod[] };
  const startOf = ({ status }: RunningPod) => status.containerStatuses?.[0]?.state.running?.startedAt ?? '9';
  return items.sort((a, b) => startOf(a).localeCompare(startOf(b))).map(({ metadata }) => metadata);
}

interface RunningPod {
  metadata: { name: string; uid: string };
  status: { containerStatuses?: { state: { running?: { startedAt: string } } }[] };
}

/** Resolves once as many pods of a part of Cubby are ready as there are to be. */
export async function whole(component: string): Promise<void> {
  await kubectl('rollout', 'status', `deployment/cubby-${component}`, '-n', 'cubby-system', '--timeout=120s');
}
