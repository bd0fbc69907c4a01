import type { Condition, KVStore } from '../../../contract/objects.ts';
import { kvStore } from '../dataplane/objects.ts';

/** A condition that has held since the beginning of 2026. */
export function condition(type: string, status: Condition['status'], reason = 'Because', message = 'why'): Condition {
  return { type, status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' };
}

/** A store whose status speaks of its present spec and has these conditions. */
export function storeWith(conditions: Condition[], status: Partial<NonNullable<KVStore['status']>> = {}): KVStore {
  const store = kvStore({});
  return { ...store, status: { observedGeneration: store.metadata.generation, conditions, ...status } };
}
