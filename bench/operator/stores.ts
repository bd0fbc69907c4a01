import { API_VERSION } from '../../contract/objects.ts';
import type { ApiObject, KubeObject } from '../../kube/object.ts';
import {
  configMaps,
  networkPolicies,
  type Resource,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../kube/resources.ts';
import { atOnce, type BenchCluster, kvStores } from './cluster.ts';

/** The kinds of a store's children: how many of each a store has, and where etcd keeps them. */
export const CHILD_KINDS: readonly { resource: Resource; perStore: number; prefix: string }[] = [
  { resource: serviceAccounts, perStore: 1, prefix: '/registry/serviceaccounts/' },
  { resource: configMaps, perStore: 1, prefix: '/registry/configmaps/' },
  { resource: secrets, perStore: 1, prefix: '/registry/secrets/' },
  { resource: networkPolicies, perStore: 1, prefix: '/registry/networkpolicies/' },
  { resource: services, perStore: 2, prefix: '/registry/services/specs/' },
  { resource: statefulSets, perStore: 1, prefix: '/registry/statefulsets/' },
];

/** Posts `count` KVStores over 20 connections; resolves with the ms that it took. */
export function postStores(
  { client }: Pick<BenchCluster, 'client'>,
  count: number,
  namespaceOf: (index: number) => string,
  spec: Record<string, unknown> = {},
): Promise<number> {
  return atOnce(count, (index) =>
    client.create(kvStores, {
      apiVersion: API_VERSION,
      kind: 'KVStore',
      metadata: { namespace: namespaceOf(index), name: `store-${index}` },
      spec: { version: '8.0', memory: '64Mi', ...spec },
    } as KubeObject),
  );
}

/** How many objects of each of `CHILD_KINDS` there are, asked of etcd, because counting by the API would cost it a list. */
export async function countChildren({ server }: Pick<BenchCluster, 'server'>): Promise<number[]> {
  return Promise.all(CHILD_KINDS.map(({ prefix }) => countKeys(server.etcdUrl, prefix)));
}

async function countKeys(etcdUrl: string, prefix: string): Promise<number> {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
  const body = JSON.stringify({ key: encode(prefix), range_end: encode(end), count_only: true });
  const answer = await fetch(`${etcdUrl}/v3/kv/range`, { method: 'POST', body });
  return Number(((await answer.json()) as { count?: string }).count ?? 0);
}

/** Every child of every store as the API server has it. Throws where a store lacks one. */
export async function readChildren({ client }: Pick<BenchCluster, 'client'>, stores: number): Promise<ApiObject[]> {
  const found: ApiObject[] = [];
  for (const { resource, perStore } of CHILD_KINDS) {
    const { items } = await client.list(resource, {
      labelSelector: 'app.kubernetes.io/managed-by=cubby',
      timeoutMs: 60_000,
    });
    const owners = items.map(({ metadata }) => metadata.ownerReferences?.[0]?.uid);
    if (items.length !== stores * perStore || new Set(owners).size !== stores)
      throw new Error(`${items.length} ${resource.plural} of ${new Set(owners).size} stores, not of ${stores}`);
    found.push(...items);
  }
  return found;
}
