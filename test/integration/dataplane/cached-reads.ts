import type { Cache } from '../../../dataplane/cache/cache.ts';
import type { Pool } from '../../../dataplane/store/pool.ts';
import type { Entry, Store } from '../../../dataplane/store/port.ts';

/** A replica of the data plane as far as stores go. */
export interface Replica {
  pool: Pool;
  cache: Cache;
  store: Store;
}

/** A value's bytes. */
export const value = (text: string | number) => Buffer.from(String(text));
/** What an entry says; null and undefined as they are. */
export const textOf = (entry: Entry | null | undefined) => (entry ? String(entry.value) : entry);

/** As a request reads: from memory where it knows, and else from Redis. */
export async function read(store: Store, key: string): Promise<string | null | undefined> {
  const known = store.recall?.(key);
  return textOf(known === undefined ? await store.get(key) : known);
}
