import type { KVStoreStatus } from '../../contract/kvstore.gen.ts';
import { degraded } from './degraded.ts';
import { progressing } from './progressing.ts';
import { ready } from './ready.ts';
import type { StoreFacts } from './store-facts.ts';

/** The store's state in one word. */
export function phase(facts: StoreFacts): NonNullable<KVStoreStatus['phase']> {
  if (degraded(facts).status === 'True') return 'Degraded';
  if (!facts.store.spec.enabled && !facts.podExists) return 'Hibernated';
  const hasRun = facts.store.status?.version !== undefined;
  if (ready(facts).status === 'True' && progressing(facts).status === 'False') return 'Ready';
  return hasRun || ready(facts).status === 'True' ? 'Progressing' : 'Pending';
}
