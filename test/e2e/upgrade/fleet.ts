import type { ClusterAccess, Manifest } from '../cluster.ts';
import { eventually } from '../cluster.ts';
import { requestAt, store, type Tenant, token } from '../tenant.ts';

/** Where the stores of the test are. */
export const NAMESPACE = 'fleet';

/** A store of each kind, by name: none of them may notice an upgrade. The last two are set after they have run. */
const STORES: Record<string, Record<string, unknown>> = {
  plain: {},
  cached: { reads: 'cached', evictionPolicy: 'allkeys-lru' },
  // What restarts loses its data, so its keys tell.
  memory: { persistence: { mode: 'none' } },
  rdb: { persistence: { mode: 'rdb' }, deletionPolicy: 'Delete' },
  tuned: {
    version: '8.0',
    persistence: { mode: 'aof', fsync: 'always' },
    config: { 'hash-max-listpack-entries': '64' },
    resources: { cpu: { request: '10m' } },
    scheduling: { nodeSelector: { 'kubernetes.io/os': 'linux' } },
  },
  native: { access: { redis: true }, plan: 'free', limits: { requestsPerSecond: 500 } },
  refused: { version: '8.0' },
  asleep: {},
};

export const NAMES: readonly string[] = Object.keys(STORES);

/** A client of one of the stores, at the data plane of `url`. */
export async function client({ read }: ClusterAccess, url: string, name: string): Promise<Tenant> {
  const bearer = await eventually(`the token of ${name}`, 60, async () => {
    const data = (await read('secret', NAMESPACE, name))?.data?.token as string | undefined;
    return data && Buffer.from(data, 'base64').toString();
  });
  return { namespace: NAMESPACE, request: (method, path, body) => requestAt(url, bearer, method, path, body) };
}

/** Makes the stores and a token for each, writes a key into each, and hibernates one and asks another for what is refused. */
export async function createFleet(cluster: ClusterAccess, url: string): Promise<void> {
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const metadata = { name: NAMESPACE, labels: restricted } as Manifest['metadata'];
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata });
  const tokenFor = (name: string) => token(NAMESPACE, { storeRef: { name } }, name);
  await cluster.apply(...NAMES.flatMap((name) => [store(NAMESPACE, STORES[name], name), tokenFor(name)]));
  await Promise.all(
    NAMES.map(async (name) => {
      const { request } = await client(cluster, url, name);
      await eventually(`store ${name} takes a value`, 120, async () => {
        return (await request('PUT', '/infra/kv/kept', { value: name })).status === 200 || undefined;
      });
    }),
  );
  await cluster.apply(
    store(NAMESPACE, { ...STORES.asleep, enabled: false }, 'asleep'),
    store(NAMESPACE, { ...STORES.refused, version: '7.0' }, 'refused'),
  );
}

/** Changes in every store something that Redis takes over while it runs, and waits until the operator says that it did. */
export async function editFleet(cluster: ClusterAccess, memory: string): Promise<void> {
  const patch = JSON.stringify({ spec: { memory } });
  for (const name of NAMES)
    await cluster.kubectl('patch', 'kvstore', name, '-n', NAMESPACE, '--type=merge', '-p', patch);
  for (const name of NAMES) {
    await eventually(`store ${name} has ${memory}`, 60, async () => {
      const { metadata, status } = await cluster.read('kvstore', NAMESPACE, name);
      const isSeen = status.observedGeneration === metadata.generation;
      return (
        (isSeen && (name === 'asleep' || status.memory?.limit === Number.parseInt(memory, 10) * 2 ** 20)) || undefined
      );
    });
  }
}
