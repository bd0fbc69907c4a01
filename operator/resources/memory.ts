import type { KVStoreSpec } from '../../contract/kvstore.gen.ts';

/** Memory of the process itself, client buffers and the append-only file's buffers, in bytes. */
const OVERHEAD = 64 * 2 ** 20;

type PersistenceMode = KVStoreSpec['persistence']['mode'];

/**
 * How many times maxmemory the data may take. A fork (snapshot or rewrite of the append-only file) shares pages until
 * they are written to, so in the worst case all of it exists twice. Without persistence nothing forks, and only the
 * allocator's fragmentation is added.
 */
const FACTORS: Readonly<Record<PersistenceMode, number>> = { aof: 2, rdb: 2, none: 1.25 };

/** Memory of a container, in bytes. */
export interface ContainerMemory {
  request: number;
  limit: number;
}

/** What a container needs so that a Redis with this maxmemory (bytes) is never killed for memory. */
export function containerMemory(maxmemory: number, mode: PersistenceMode): ContainerMemory {
  return { request: maxmemory + OVERHEAD, limit: Math.ceil(maxmemory * FACTORS[mode]) + OVERHEAD };
}

/** The largest maxmemory, in bytes, that a container limit bears: the reverse of `containerMemory`. */
export function bearableMaxmemory(limit: number, mode: PersistenceMode): number {
  return Math.max(0, Math.floor((limit - OVERHEAD) / FACTORS[mode]));
}
