import { LEDGER } from '../../contract/projects.ts';
import type { StoreIndex, StoreState } from './stores.ts';
import type { TokenRecord } from './tokens.ts';

/** Which store a request is about, or why that cannot be said. */
export type Reach = StoreState | NoStore;

/** What is known where there is no store. */
type NoStore = { ref?: never; account?: never } & (
  | { state: 'unavailable'; detail: string }
  | { state: 'project-required' }
  | { state: 'not-found' }
);

const NO_STORE: Reach = {
  state: 'unavailable',
  detail: 'the store of this token does not exist; create the KVStore that its storeRef names',
};

/**
 * The store that a token reaches. Project and Deployment tokens are bound to the store of their storeRef and `project`
 * is ignored; an ApiKey needs `project`, and reaches the stores of its own namespace only, or all where it was made in
 * the system namespace. A project out of reach is not told from one that does not exist; the ledger is out of reach for
 * everyone.
 */
export function reach(
  stores: StoreIndex,
  systemNamespace: string,
  token: TokenRecord,
  project: string | undefined,
): Reach {
  if (token.type !== 'ApiKey') {
    const { storeName } = token;
    if (storeName === undefined || (token.namespace === systemNamespace && storeName === LEDGER.name)) return NO_STORE;
    return stores.byName(token.namespace, storeName) ?? NO_STORE;
  }
  if (project === undefined) return { state: 'project-required' };
  if (project === LEDGER.projectId) return { state: 'not-found' };
  const namespace = token.namespace === systemNamespace ? undefined : token.namespace;
  return stores.byProject(project, namespace) ?? { state: 'not-found' };
}
