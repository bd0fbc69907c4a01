import type { BatchOp, BatchOptions, BatchOutcome, Entry, Store } from '../store/port.ts';
import type { RedisStore } from '../store/redis.ts';
import type { Tracked } from './tracked.ts';

/** A store whose reads are answered from memory where they may be; `tracked` is told of its connection. */
export function createCachedStore(store: RedisStore, tracked: Tracked): Store {
  const ping = () => store.ping();

  function get(key: string): Promise<Entry | null> {
    const reading = tracked.reading(key);
    if (!reading) return store.get(key);
    const entry = store.read(key, reading.read);
    entry.catch(reading.failed);
    return entry;
  }

  /** Forgets twice: what is read while a write is under way may be what was there before it. */
  async function write<T>(keys: readonly string[], run: () => Promise<T>): Promise<T> {
    for (const key of keys) tracked.forget(key);
    try {
      return await run();
    } finally {
      for (const key of keys) tracked.forget(key);
    }
  }

  async function batch(ops: readonly BatchOp[], options?: BatchOptions): Promise<BatchOutcome[]> {
    const written = ops.filter(({ op }) => op !== 'get').map(({ key }) => key);
    if (written.length > 0) return write(written, () => store.batch(ops, options));
    if (!options?.recall) return store.batch(ops, options);
    const outcomes: (BatchOutcome | undefined)[] = ops.map(({ key }) => {
      const known = tracked.find(key, ping);
      return known === undefined ? undefined : { value: known?.value ?? null, found: known !== null };
    });
    const unknown = ops.filter((_, i) => outcomes[i] === undefined);
    const asked = unknown.length === 0 ? [] : await store.batch(unknown, options);
    let next = 0;
    return outcomes.map((outcome) => outcome ?? (asked[next++] as BatchOutcome));
  }

  return {
    recall: (key) => tracked.find(key, ping),
    get,
    batch,
    set: (key, value, options) => write([key], () => store.set(key, value, options)),
    delete: (keys) => write(keys, () => store.delete(keys)),
    increment: (key, delta, ttl) => write([key], () => store.increment(key, delta, ttl)),
    expire: (key, seconds) => write([key], () => store.expire(key, seconds)),
    ttl: (key) => store.ttl(key),
    scan: (pattern, limit, from) => store.scan(pattern, limit, from),
    size: () => store.size(),
  };
}
