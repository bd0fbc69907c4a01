import type { MutableCache } from './cache.ts';
import type { WatchEvent } from './client.ts';
import { type ApiObject, formatKey, keyOf } from './object.ts';

/** Told of every change after the cache holds it. Synchronous: to do more, put a key on a queue. */
export interface Handlers<T extends ApiObject> {
  /** An object is new (no `old`) or changed. */
  onUpsert?: ((object: T, old: T | undefined) => void) | undefined;
  /** An object is gone; this is its last known state. */
  onDelete?: ((object: T) => void) | undefined;
}

/** Turns lists and watch events into cache changes, and tells the handlers what differed. */
export interface Feed<T extends ApiObject> {
  /** The cache becomes this list; what vanished meanwhile is reported as deleted, first. */
  replace(items: readonly T[]): void;
  accept(event: WatchEvent<T>): void;
}

/** A feed into `cache`. An object that was deleted and made again under its name is reported as both. */
export function createFeed<T extends ApiObject>(cache: MutableCache<T>, handlers: Handlers<T>): Feed<T> {
  function upsert(object: T): void {
    const old = cache.get(keyOf(object));
    if (old && old.metadata.uid === object.metadata.uid) {
      if (old.metadata.resourceVersion === object.metadata.resourceVersion) return;
      cache.put(object);
      handlers.onUpsert?.(object, old);
      return;
    }
    if (old) remove(old);
    cache.put(object);
    handlers.onUpsert?.(object, undefined);
  }

  function remove(object: T): void {
    if (cache.remove(keyOf(object))) handlers.onDelete?.(object);
  }

  return {
    replace(items) {
      const present = new Set(items.map((item) => formatKey(keyOf(item))));
      for (const object of cache.list()) {
        if (!present.has(formatKey(keyOf(object)))) remove(object);
      }
      for (const item of items) upsert(item);
    },
    accept({ type, object }) {
      if (type === 'DELETED') remove(object);
      else if (type !== 'BOOKMARK') upsert(object);
    },
  };
}
