import type { KVStore } from './objects.ts';

/** What a projectId may be: the unit of isolation, named in requests and in metrics. */
export const PROJECT_ID_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;

/** The project that a store asks for: spec.projectId, else "<namespace>.<name>". It may be invalid or held by another store. */
export function claimedProject(store: KVStore): string {
  return store.spec.projectId ?? `${store.metadata.namespace}.${store.metadata.name}`;
}

/** The KVStore, in the system namespace, that keeps what is left of budgets and rates, and the project that it serves. */
export const LEDGER = { name: 'ledger', projectId: 'cubby-ledger' } as const;

/** Whether a store is the ledger, by its place. */
export function isLedger({ metadata }: KVStore, systemNamespace: string): boolean {
  return metadata.namespace === systemNamespace && metadata.name === LEDGER.name;
}

/** Whether a store claims the ledger's project without being the ledger: nobody else may ever serve it. */
export function claimsReserved(store: KVStore, systemNamespace: string): boolean {
  return claimedProject(store) === LEDGER.projectId && !isLedger(store, systemNamespace);
}

/**
 * The store that holds a project among those that claim it: the oldest, and of equally old ones the smallest UID, so that
 * everyone who looks comes to the same answer. A claim that is reserved for the ledger does not count. Undefined where
 * there is none.
 */
export function projectHolder(stores: readonly KVStore[], systemNamespace: string): KVStore | undefined {
  const claimants = stores.filter((store) => !claimsReserved(store, systemNamespace));
  return claimants.reduce<KVStore | undefined>((oldest, store) => {
    if (oldest === undefined) return store;
    const byAge = Date.parse(store.metadata.creationTimestamp) - Date.parse(oldest.metadata.creationTimestamp);
    return byAge < 0 || (byAge === 0 && store.metadata.uid < oldest.metadata.uid) ? store : oldest;
  }, undefined);
}
