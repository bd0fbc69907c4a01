import type { StoreTarget } from '../directory/stores.ts';
import type { Store } from '../store/port.ts';
import { ApiError } from './errors.ts';
import type { Operation } from './operation.ts';

/** Whether X-Durability counts for an operation: it may write to the store. */
export function mayBeDurable({ target, access }: Operation): boolean {
  return target === 'store' && (access === 'kv:write' || access === 'token');
}

/**
 * The store whose writes are done when as many nodes have them as the header X-Durability says. Throws bad_request where
 * that is no number of nodes, or more than the store has.
 */
export function requireDurability(store: Store, target: StoreTarget, header: string | string[]): Store {
  const nodes = /^\d{1,3}$/.test(String(header)) ? Number(header) : 0;
  if (nodes < 2) throw new ApiError('bad_request', 'X-Durability must be a number of nodes, 2 or more');
  const { topology } = target;
  if (topology?.mode !== 'Replicated' || !store.durable) {
    throw new ApiError('bad_request', 'X-Durability needs a store with replicas; this one has its data on one node');
  }
  const { length } = topology.members;
  if (nodes > length)
    throw new ApiError('bad_request', `X-Durability must be at most ${length}, the nodes of the store`);
  return store.durable(nodes);
}
