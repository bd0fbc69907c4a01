import { type ApiObject, formatKey, keyOf, type ObjectKey } from './object.ts';

/** Values under which an object can be found, such as the UIDs of its owners. */
export type Indexer<T> = (object: T) => readonly string[];

/** Objects as they were last seen. They are shared: never change one. */
export interface Cache<T extends ApiObject> {
  readonly size: number;
  get(key: ObjectKey): T | undefined;
  /** All objects, or those of one namespace, in no particular order. */
  list(namespace?: string): T[];
  /** The objects that the named indexer put under `value`; throws for an index that the cache was not given. */
  by(index: string, value: string): T[];
}

/** What a reflector changes; everybody else sees {@link Cache}. */
export interface MutableCache<T extends ApiObject> extends Cache<T> {
  /** Stores, and returns what was there before. */
  put(object: T): T | undefined;
  /** Removes, and returns what was there. */
  remove(key: ObjectKey): T | undefined;
}

const byNamespace = 'namespace';

/** An empty cache with the given indexes, and one by namespace. */
export function createCache<T extends ApiObject>(indexers: Readonly<Record<string, Indexer<T>>> = {}): MutableCache<T> {
  const objects = new Map<string, T>();
  const all: Record<string, Indexer<T>> = { ...indexers, [byNamespace]: (o) => [o.metadata.namespace ?? ''] };
  const indexes = new Map(
    Object.entries(all).map(([name, valuesOf]) => [name, { valuesOf, entries: new Map<string, Map<string, T>>() }]),
  );

  function unindex(key: string, object: T): void {
    for (const { valuesOf, entries } of indexes.values()) {
      for (const value of valuesOf(object)) {
        const found = entries.get(value);
        found?.delete(key);
        if (found?.size === 0) entries.delete(value);
      }
    }
  }

  function index(key: string, object: T): void {
    for (const { valuesOf, entries } of indexes.values()) {
      for (const value of valuesOf(object)) {
        const found = entries.get(value);
        if (found) found.set(key, object);
        else entries.set(value, new Map([[key, object]]));
      }
    }
  }

  function by(name: string, value: string): T[] {
    const found = indexes.get(name);
    if (!found) throw new Error(`the cache has no index "${name}"`);
    return [...(found.entries.get(value)?.values() ?? [])];
  }

  return {
    get size() {
      return objects.size;
    },
    get: (key) => objects.get(formatKey(key)),
    list: (namespace) => (namespace === undefined ? [...objects.values()] : by(byNamespace, namespace)),
    by,
    put(object) {
      const key = formatKey(keyOf(object));
      const old = objects.get(key);
      if (old) unindex(key, old);
      objects.set(key, object);
      index(key, object);
      return old;
    },
    remove(key) {
      const text = formatKey(key);
      const old = objects.get(text);
      if (old) unindex(text, old);
      objects.delete(text);
      return old;
    },
  };
}

/** The indexer that finds dependants by the UID of any of their owners. */
export function ownerUids(object: ApiObject): string[] {
  return (object.metadata.ownerReferences ?? []).map(({ uid }) => uid);
}
