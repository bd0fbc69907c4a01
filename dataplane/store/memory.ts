import type { Entry, Store, StoreAddress, Stores } from './port.ts';

/** Stores in this process's memory, for tests: nothing is evicted, and nothing survives. `now` is in ms since 1970. */
export function createMemoryStores(now: () => number = Date.now): Stores {
  const stores = new Map<string, Store>();
  return {
    open({ uid }: StoreAddress) {
      const store = stores.get(uid) ?? createMemoryStore(now);
      stores.set(uid, store);
      return store;
    },
    async close() {
      stores.clear();
    },
  };
}

/** One store in memory. */
export function createMemoryStore(now: () => number = Date.now): Store {
  const entries = new Map<string, Entry>();

  function live(key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry?.expiresAt != null && entry.expiresAt <= now()) entries.delete(key);
    return entries.get(key);
  }

  return {
    async get(key) {
      return live(key) ?? null;
    },
    async set(key, value, { ttl, ifNotExists } = {}) {
      if (ifNotExists && live(key)) return undefined;
      const expiresAt = ttl === undefined ? null : now() + ttl * 1000;
      entries.set(key, { value: Buffer.from(value), expiresAt });
      return { expiresAt };
    },
    async delete(key) {
      const existed = live(key) !== undefined;
      entries.delete(key);
      return existed;
    },
  };
}
