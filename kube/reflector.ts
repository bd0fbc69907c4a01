import { type Backoff, backoffDelay } from './backoff.ts';
import { type Cache, createCache, type Indexer } from './cache.ts';
import type { KubeClient, ListOptions, Selection } from './client.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { isGone, isTransient, KubeError } from './errors.ts';
import { createFeed, type Handlers } from './feed.ts';
import type { ApiObject, KubeObject } from './object.ts';
import type { Resource } from './resources.ts';

/** What to follow, and what to do with it. */
export interface ReflectorOptions<T extends ApiObject = KubeObject> extends Selection, Handlers<T> {
  client: Pick<KubeClient, 'list' | 'watch'>;
  resource: Resource;
  indexers?: Readonly<Record<string, Indexer<T>>> | undefined;
  /** Drops what nobody reads, to save memory; `managedFields` is gone already. Must keep the metadata. */
  transform?: ((object: T) => T) | undefined;
  /** Told of every failure, with the pause in ms before the next attempt; for logs and metrics. */
  onError?: ((error: unknown, retryInMs: number) => void) | undefined;
  /** About how long one watch lasts; also bounds how long a connection that died in silence is believed (default 60). */
  watchSeconds?: number | undefined;
  pageSize?: number | undefined;
  backoff?: Backoff | undefined;
  clock?: Clock | undefined;
  random?: (() => number) | undefined;
}

/** What `/readyz` and metrics need to know of a reflector. */
export interface ReflectorHealth {
  /** The cache has held a whole list at least once. */
  synced: boolean;
  /** Since the API server last said anything, in ms; above twice `watchSeconds` the cache is out of date. */
  silentMs: number;
  /** Failures in a row. */
  failures: number;
}

/** A cache that follows the API server. While the server is away it keeps the last good state. */
export interface Reflector<T extends ApiObject = KubeObject> {
  readonly cache: Cache<T>;
  /** Resolves when the first list is in the cache; rejects if stopped before. */
  readonly synced: Promise<void>;
  health(): ReflectorHealth;
  /** Ends list, watch or pause, whichever it is at; afterwards no handler runs and no connection is opened. */
  stop(): Promise<void>;
}

/** How much longer than the server was asked for a watch may last before it counts as dead. */
const graceMs = 5_000;
/** A watch that the server ends sooner, having said nothing, is a failure: else we would reconnect in a storm. */
const shortestWatchMs = 1_000;
/** So many failures in a row, and the version is given up: a server restored from a backup does not know it. */
const failuresBeforeRelist = 5;
const listTimeoutMs = 60_000;

/** Starts to list and watch a resource, for as long as it is not stopped, whatever fails. */
export function startReflector<T extends ApiObject = KubeObject>(options: ReflectorOptions<T>): Reflector<T> {
  const { client, resource, namespace, labelSelector, fieldSelector, onError = () => {} } = options;
  const { clock = systemClock, random = Math.random, watchSeconds = 60, pageSize = 500 } = options;
  const { backoff = { baseMs: 200, maxMs: 10_000 }, transform = (object: T) => object } = options;
  const selection: Selection = { namespace, labelSelector, fieldSelector };
  const cache = createCache<T>(options.indexers);
  const feed = createFeed(cache, options);
  const stopping = new AbortController();
  const synced = Promise.withResolvers<void>();
  synced.promise.catch(() => {}); // whoever awaits it gets the rejection; nobody has to
  let isSynced = false;
  let lastHeard = clock.monotonic();
  let failures = 0;
  /** Where the next watch goes on; undefined when only a new list will do. */
  let version: string | undefined;

  const slim = (object: T): T => {
    delete (object.metadata as { managedFields?: unknown }).managedFields;
    return transform(object);
  };

  async function page(extra: ListOptions): Promise<{ items: T[]; resourceVersion: string; continue?: string }> {
    const bounds = { signal: stopping.signal, timeoutMs: listTimeoutMs };
    const answer = await client.list<T>(resource, { ...selection, ...extra, ...bounds });
    lastHeard = clock.monotonic();
    return { ...answer, items: answer.items.map(slim) };
  }

  /** Without a version the server answers from a quorum, so a restart never goes back in time. */
  async function list(): Promise<void> {
    let answer = await page({ limit: pageSize });
    const items = answer.items;
    while (answer.continue) {
      try {
        answer = await page({ limit: pageSize, continue: answer.continue });
        items.push(...answer.items);
      } catch (error) {
        if (!isGone(error)) throw error;
        // The pages outlived their snapshot; everything at once cannot.
        answer = await page({});
        items.splice(0, items.length, ...answer.items);
      }
    }
    stopping.signal.throwIfAborted();
    feed.replace(items);
    version = answer.resourceVersion;
    isSynced = true;
    synced.resolve();
  }

  async function watch(resourceVersion: string): Promise<void> {
    const timeoutSeconds = Math.ceil(watchSeconds * (0.75 + random() / 4));
    const life = new AbortController();
    const end = () => life.abort(stopping.signal.reason);
    const giveUp = () => life.abort(new KubeError({ status: 0, reason: 'Silent', message: 'the watch went silent' }));
    const cancel = clock.after(timeoutSeconds * 1000 + graceMs, giveUp);
    stopping.signal.addEventListener('abort', end, { once: true });
    const start = clock.monotonic();
    let heard = false;
    try {
      const bounds = { resourceVersion, timeoutSeconds, signal: life.signal };
      for await (const event of client.watch<T>(resource, { ...selection, ...bounds })) {
        life.signal.throwIfAborted();
        heard = true;
        lastHeard = clock.monotonic();
        failures = 0;
        version = event.object.metadata.resourceVersion;
        feed.accept(event.type === 'BOOKMARK' ? event : { ...event, object: slim(event.object) });
      }
      lastHeard = clock.monotonic();
    } catch (error) {
      // A live server sends a bookmark at least; silence may hide changes or a version it will never reach.
      if (life.signal.aborted && !heard) version = undefined;
      throw error;
    } finally {
      cancel();
      stopping.signal.removeEventListener('abort', end);
    }
    if (!heard && clock.monotonic() - start < shortestWatchMs) {
      throw new KubeError({ status: 0, reason: 'Unreachable', message: 'the server ended the watch at once' });
    }
    failures = 0;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        if (version === undefined) await list();
        else await watch(version);
      } catch (error) {
        if (stopping.signal.aborted) break;
        failures++;
        if (!isTransient(error) || failures >= failuresBeforeRelist) version = undefined;
        const asked = error instanceof KubeError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
        const pause = Math.max(asked, backoffDelay(backoff, failures, random));
        onError(error, pause);
        await sleep(clock, pause, stopping.signal);
      }
    }
    synced.reject(new Error(`the reflector of ${resource.plural} was stopped before it had a list`));
  }

  const running = run();
  return {
    cache,
    synced: synced.promise,
    health: () => ({ synced: isSynced, silentMs: clock.monotonic() - lastHeard, failures }),
    async stop() {
      stopping.abort(new Error('stopped'));
      await running;
    },
  };
}
