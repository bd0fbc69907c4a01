import { Gauge, type Registry } from 'prom-client';
import type { KVStore } from '../contract/objects.ts';
import { paused } from './status/paused.ts';

type State = 'whole' | 'replica-down' | 'no-primary';

/** Adds the metric of stores with replicas. No label carries a tenant's name. */
export function addReplicationMetrics(registry: Registry, { stores }: { stores: () => readonly KVStore[] }): void {
  new Gauge({
    name: 'cubby_replicated_stores',
    help: 'KVStores with replicas by whether every member does its part, a replica does not, or none is the primary, of those that are not hibernated or paused',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const count: Record<State, number> = { whole: 0, 'replica-down': 0, 'no-primary': 0 };
      for (const store of stores()) {
        const isMeant = store.status?.topology?.mode === 'Replicated' && store.spec.enabled && !paused(store);
        if (isMeant) count[stateOf(store)]++;
      }
      for (const [state, stores] of Object.entries(count)) this.set({ state }, stores);
    },
  });
}

/** Not by the condition Degraded: its reason is the first cause, which may be a pod's. */
function stateOf({ status }: KVStore): State {
  const members = status?.members ?? [];
  if (!members.some(({ role }) => role === 'Primary')) return 'no-primary';
  return members.every(({ role, ready, linked }) => ready && (role === 'Primary' || linked)) ? 'whole' : 'replica-down';
}
