import type { KVStore } from './objects.ts';

/** What a projectId may be: the unit of isolation, named in requests and in metrics. */
export const PROJECT_ID_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;

/** The project that a store asks for: spec.projectId, else "<namespace>.<name>". It may be invalid or held by another store. */
export function claimedProject(store: KVStore): string {
  return store.spec.projectId ?? `${store.metadata.namespace}.${store.metadata.name}`;
}

/**
 * The store that holds a project among those that claim it: the oldest, and of equally old ones the smallest UID, so that
 * everyone who looks comes to the same answer. Undefined where there is none.
 */
export function projectHolder(claimants: readonly KVStore[]): KVStore | undefined {
  return claimants.reduce<KVStore | undefined>((oldest, store) => {
    if (oldest === undefined) return store;
    const byAge = Date.parse(store.metadata.creationTimestamp) - Date.parse(oldest.metadata.creationTimestamp);
    return byAge < 0 || (byAge === 0 && store.metadata.uid < oldest.metadata.uid) ? store : oldest;
  }, undefined);
}
