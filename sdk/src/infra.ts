import { segmentOf } from './connection.ts';
import type { CallOptions, ClientOptions, ConnectionOptions, DurableOptions, WriteOptions } from './options.ts';
import { createSend, type Send, safetyOf } from './request.ts';
import type { BatchOperation, BatchResult, Counter, Deleted, Entry, Page } from './wire.ts';

/** `ttl` in seconds; with `if_not_exists`, a key that exists is the error `conflict`. */
export interface SetEntryOptions extends WriteOptions {
  ttl?: number | undefined;
  if_not_exists?: boolean | undefined;
}

/** `delta` is 1 where absent; `ttl` in seconds holds only where this call creates the key. */
export interface IncrementOptions extends DurableOptions {
  delta?: number | undefined;
  ttl?: number | undefined;
}

/** `limit` is 1 to 1000 names on a page, 100 where absent; `cursor` is `next_cursor` of the page before. */
export interface ScanOptions extends CallOptions {
  prefix?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** The calls under `/infra/kv`, with the names that the API has on the wire. They reject with CubbyError. */
export interface InfraKV {
  /** The value and its expiry; a key that is not there is the error `not_found`. */
  get<T = unknown>(key: string, options?: CallOptions): Promise<Entry<T>>;
  /** Writes any JSON, and with it the expiry: without `ttl` the key does not expire. */
  set<T>(key: string, value: T, options?: SetEntryOptions): Promise<Entry<T>>;
  /** A key that is not there is the error `not_found`. */
  delete(key: string, options?: WriteOptions): Promise<Deleted>;
  /** Adds to the number under the key, which counts as 0 where there is none. */
  increment(key: string, options?: IncrementOptions): Promise<Counter>;
  /** A page of the names that begin with `prefix`. */
  scan(options?: ScanOptions): Promise<Page>;
  /** All names that begin with `prefix`, page by page as they are asked for; one may come twice. */
  scanAll(options?: ScanOptions): AsyncGenerator<string, void, undefined>;
  /** Runs up to 100 operations in order, not atomically; one result for each. */
  batch(operations: readonly BatchOperation[], options?: WriteOptions): Promise<BatchResult[]>;
}

export interface Client {
  infra: { kv: InfraKV };
}

/** A client of `/infra/kv`. Throws a TypeError for a token or a base URL that cannot be used. */
export function createClient(token: string | undefined, options: ConnectionOptions): Client {
  const connection: ClientOptions = { ...options, token };
  return { infra: { kv: createInfraKV(createSend(connection)) } };
}

function createInfraKV(send: Send): InfraKV {
  const root = '/infra/kv';
  const pathOf = (key: string) => `${root}/${segmentOf(key)}`;

  const kv: InfraKV = {
    async get<T>(key: string, options?: CallOptions) {
      return (await send<Entry<T>>({ method: 'GET', path: pathOf(key), safety: 'read', options })).json;
    },
    async set<T>(key: string, value: T, options?: SetEntryOptions) {
      const { ttl, if_not_exists } = options ?? {};
      const body = JSON.stringify({ value, ttl, if_not_exists });
      const safety = safetyOf(options);
      return (await send<Entry<T>>({ method: 'PUT', path: pathOf(key), body, safety, options })).json;
    },
    async delete(key, options) {
      const safety = safetyOf(options);
      return (await send<Deleted>({ method: 'DELETE', path: pathOf(key), safety, options })).json;
    },
    async increment(key, options) {
      const { delta, ttl } = options ?? {};
      const body = JSON.stringify({ delta, ttl });
      const path = `${pathOf(key)}/increment`;
      return (await send<Counter>({ method: 'POST', path, body, safety: 'write', options })).json;
    },
    async scan(options) {
      const { prefix, limit, cursor } = options ?? {};
      const query = { prefix, limit, cursor };
      return (await send<Page>({ method: 'GET', path: root, query, safety: 'read', options })).json;
    },
    async *scanAll(options) {
      let cursor = options?.cursor;
      do {
        const page: Page = await kv.scan({ ...options, cursor });
        yield* page.keys;
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
    },
    async batch(operations, options) {
      const safety = operations.every(({ op }) => op === 'get') ? 'read' : safetyOf(options);
      const body = JSON.stringify({ ops: operations });
      type Results = { results: BatchResult[] };
      return (await send<Results>({ method: 'POST', path: root, body, safety, options })).json.results;
    },
  };
  return kv;
}
