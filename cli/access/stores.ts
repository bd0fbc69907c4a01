import type { KVStore } from '../../contract/objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { CliError, EXIT } from '../errors.ts';
import type { Session } from '../session.ts';
import { FIELD_MANAGER, kvStores } from './kinds.ts';

/** The stores of a namespace, or of all where it is undefined, by namespace and name. */
export async function listStores(client: KubeClient, namespace: string | undefined): Promise<KVStore[]> {
  const { items } = await client.list<KVStore>(kvStores, { namespace }).catch(explainMissingKind);
  return items;
}

/** The store of that name in the session's namespace; without a name the only one there. */
export async function findStore(session: Session, name: string | undefined): Promise<KVStore> {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  if (name !== undefined) {
    const store = await client.get<KVStore>(kvStores, { namespace, name }, { signal: session.signal });
    if (store) return store;
  }
  const stores = await listStores(client, namespace);
  const names = stores.map(({ metadata }) => metadata.name);
  if (name === undefined && names.length === 1) return stores[0] as KVStore;
  const there = names.length > 0 ? `the namespace ${namespace} has ${names.join(', ')}` : undefined;
  if (name === undefined && there !== undefined) {
    throw new CliError(
      EXIT.usage,
      `${there}: which one is meant?`,
      'name it, or give --store to get, set and the like',
    );
  }
  throw new CliError(
    EXIT.notFound,
    name === undefined ? `there is no store in the namespace ${namespace}` : `there is no store ${namespace}/${name}`,
    there ?? 'choose another --namespace, see all with cubby stores -A, or make one with cubby create',
  );
}

/** Merge-patches a store's spec, for good. */
export async function editStore(session: Session, name: string, spec: Record<string, unknown>): Promise<KVStore> {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  try {
    const options = { type: 'merge', fieldManager: FIELD_MANAGER } as const;
    return await client.patch<KVStore>(kvStores, { namespace, name }, { spec }, options);
  } catch (error) {
    if (isNotFound(error)) return findStore(session, name);
    throw error;
  }
}

function explainMissingKind(error: unknown): never {
  if (!isNotFound(error)) throw error;
  const message = 'this cluster does not know KVStores: Cubby is not installed in it';
  throw new CliError(EXIT.notFound, message, 'install the chart, or choose another --context');
}
