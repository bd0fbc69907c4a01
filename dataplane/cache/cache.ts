import type { PoolHooks } from '../store/pool.ts';
import { Room } from './room.ts';
import { Shelf } from './shelf.ts';
import { createCachedStore } from './store.ts';
import { type CacheCounts, Tracked } from './tracked.ts';

/** For how long a store is taken at its last word while it says nothing: then the route to it may be gone. */
const VOUCH_MS = 1000;

export interface CacheOptions {
  /** Bytes of memory that all projects share; 0 keeps nothing. */
  bytes: number;
  /** Milliseconds on a monotonic clock. */
  now?: () => number;
}

/** Values of stores with `cachedReads` in this process's memory. */
export interface Cache {
  /** What a pool asks for each address. */
  hooks: PoolHooks;
  /** What was counted since the start, and the bytes that are held now. */
  figures(): CacheCounts & { bytes: number };
}

/** An empty cache. */
export function createCache({ bytes, now = () => performance.now() }: CacheOptions): Cache {
  const room = new Room(bytes);
  const counts: CacheCounts = { hits: 0, misses: 0, invalidations: 0 };
  return {
    figures: () => ({ ...counts, bytes: room.held }),
    hooks({ cachedReads }, settled) {
      if (!cachedReads || bytes === 0) return undefined;
      const tracked = new Tracked(new Shelf(room), counts, VOUCH_MS, now, settled);
      return {
        prelude: [['CLIENT', 'TRACKING', 'ON']],
        opened: () => tracked.opened(),
        push: (message) => tracked.push(message),
        closed: () => tracked.closed(),
        wrap: (store) => createCachedStore(store, tracked),
      };
    },
  };
}
