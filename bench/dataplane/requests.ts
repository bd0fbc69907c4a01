import type { Redis } from 'ioredis';
import type { Load, Request } from './load.ts';

/** The largest value that the API takes, in bytes of JSON. */
export const LARGE_BYTES = 262_144;

const CONNECTIONS = 64;
/** So many bodies of the largest size fit into what one tenant may take up in the data plane's memory. */
const LARGE_CONNECTIONS = 32;
/** Keys that a load goes through, all of them hot. */
const KEYS = 256;
const LARGE_KEYS = 16;
/** Keys that batches read, and that a page of a scan lists. */
const PAGE = 100;
/** A JSON string of 200 bytes, quotes included, and one of the largest size. */
const SMALL = JSON.stringify('v'.repeat(198));
const LARGE = JSON.stringify('v'.repeat(LARGE_BYTES - 2));

type Headers = Record<string, string>;

/** Writes what the loads read. */
export async function fill(redis: Redis): Promise<void> {
  const pipeline = redis.pipeline();
  for (let i = 0; i < KEYS; i++) pipeline.set(`small-${i}`, SMALL);
  for (let i = 0; i < LARGE_KEYS; i++) pipeline.set(`large-${i}`, LARGE);
  for (let i = 0; i < PAGE; i++) pipeline.set(`page-${i}`, SMALL);
  await pipeline.exec();
}

/** Loads on the data plane by the owner of a token. */
export function cubbyLoads(token: string) {
  const headers = { Authorization: `Bearer ${token}` };
  return {
    get: overSmall((key) => ({ method: 'GET', path: `/infra/kv/${key}`, headers })),
    /** What is not of the plain shape goes the way over Node's HTTP and Koa. */
    getByNode: overSmall((key) => ({
      method: 'GET',
      path: `/infra/kv/${key}`,
      headers: { ...headers, TE: 'trailers' },
    })),
    getLarge: overLarge((key) => ({ method: 'GET', path: `/infra/kv/${key}`, headers })),
    put: overSmall((key) => withBody(headers, 'PUT', `/infra/kv/${key}`, `{"value":${SMALL}}`)),
    putLarge: overLarge((key) => withBody(headers, 'PUT', `/infra/kv/${key}`, `{"value":${LARGE}}`)),
    increment: overSmall((key) => ({ method: 'POST', path: `/infra/kv/counter-${key}/increment`, headers })),
    scan: load([{ method: 'GET', path: `/infra/kv?prefix=page-&limit=${PAGE}`, headers }]),
    mixedBatch: load([batch(headers, range(PAGE).map(mixedOp))]),
    getBatch: load([
      batch(
        headers,
        range(PAGE).map((i) => ({ op: 'get', key: `page-${i}` })),
      ),
    ]),
    /** 100 sets of the largest value, 26 MB in one body. */
    greatestBatch: load(
      [
        batch(
          headers,
          range(100).map((i) => ({ op: 'set', key: `large-${i % LARGE_KEYS}`, value: JSON.parse(LARGE) })),
        ),
      ],
      1,
    ),
  };
}

/** Loads on webdis, which takes any value as it is. */
export const webdisLoads = {
  get: overSmall((key) => ({ method: 'GET', path: `/GET/${key}` })),
  set: overSmall((key) => ({ method: 'PUT', path: `/SET/${key}`, body: SMALL })),
};

/** Loads on the peers of bench/peers. */
export const nodeLoads = {
  get: overSmall((key) => ({ method: 'GET', path: `/${key}` })),
  put: overSmall((key) => ({ method: 'PUT', path: `/${key}`, body: SMALL })),
  getLarge: overLarge((key) => ({ method: 'GET', path: `/${key}` })),
};

/** Half gets of 200 bytes, a quarter sets of 20 bytes, a quarter deletes, half of which find their key. */
function mixedOp(i: number): object {
  if (i % 4 === 1) return { op: 'set', key: `batch-${i}`, value: 'v'.repeat(18) };
  if (i % 4 === 3) return { op: 'delete', key: `batch-${i % 8 === 3 ? i - 2 : i}` };
  return { op: 'get', key: `page-${i}` };
}

function batch(headers: Headers, ops: readonly object[]): Request {
  return withBody(headers, 'POST', '/infra/kv', JSON.stringify({ ops }));
}

function withBody(headers: Headers, method: string, path: string, body: string): Request {
  return { method, path, headers: { ...headers, 'Content-Type': 'application/json' }, body };
}

function overSmall(request: (key: string) => Request): Load {
  return load(range(KEYS).map((i) => request(`small-${i}`)));
}

function overLarge(request: (key: string) => Request): Load {
  return load(
    range(LARGE_KEYS).map((i) => request(`large-${i}`)),
    LARGE_CONNECTIONS,
  );
}

function load(requests: readonly Request[], connections = CONNECTIONS): Load {
  return { requests, connections };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
