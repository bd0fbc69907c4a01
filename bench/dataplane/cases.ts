import type { Redis } from 'ioredis';
import type { Load, Request } from './load.ts';

/** Whom a case puts under load: the data plane or a peer. */
export type SubjectName = 'cubby' | 'webdis' | 'ioredis' | 'constant-200' | 'constant-256k' | 'pipe-256k';

/** One line of the table. */
export interface Case {
  name: string;
  about: string;
  subject: SubjectName;
  load: Load;
  /** Operations on keys in one request. */
  operations: number;
  /** The case of a peer whose figure of the same round this one is divided by. */
  against?: string;
}

const CONNECTIONS = 64;
/** Keys that a load goes through, all of them hot. */
const KEYS = 256;
const LARGE_KEYS = 16;
/** A JSON string of 200 bytes, quotes included, and one of the largest size. */
const SMALL = JSON.stringify('v'.repeat(198));
export const LARGE_BYTES = 262_144;
const LARGE = JSON.stringify('v'.repeat(LARGE_BYTES - 2));

const each = (count: number, request: (index: number) => Request): Request[] =>
  Array.from({ length: count }, (_, i) => request(i));
const load = (requests: readonly Request[], connections = CONNECTIONS): Load => ({ requests, connections });

/** Writes what the reading cases read. */
export async function fill(redis: Redis): Promise<void> {
  const pipeline = redis.pipeline();
  for (let i = 0; i < KEYS; i++) pipeline.set(`small-${i}`, SMALL);
  for (let i = 0; i < LARGE_KEYS; i++) pipeline.set(`large-${i}`, LARGE);
  for (let i = 0; i < 100; i++) pipeline.set(`page-${i}`, SMALL);
  await pipeline.exec();
}

/** Every case, in the order of the table. */
export function casesFor(tokens: Record<'main' | 'cached', string>): readonly Case[] {
  const json = { 'Content-Type': 'application/json' };
  const main = { Authorization: `Bearer ${tokens.main}` };
  const cached = { Authorization: `Bearer ${tokens.cached}` };
  const get = (headers: Record<string, string>, kind: 'small' | 'large', count: number) =>
    load(each(count, (i) => ({ method: 'GET', path: `/infra/kv/${kind}-${i}`, headers })));
  const put = (kind: 'small' | 'large', value: string, count: number) =>
    load(
      each(count, (i) => ({
        method: 'PUT',
        path: `/infra/kv/${kind}-${i}`,
        headers: { ...main, ...json },
        body: `{"value":${value}}`,
      })),
    );
  const increment = load(
    each(KEYS, (i) => ({ method: 'POST', path: `/infra/kv/counter-${i}/increment`, headers: main })),
  );
  const batch = (ops: readonly object[], connections = CONNECTIONS) =>
    load(
      [{ method: 'POST', path: '/infra/kv', headers: { ...main, ...json }, body: JSON.stringify({ ops }) }],
      connections,
    );
  const mixed = Array.from({ length: 100 }, (_, i) => {
    const key = `batch-${i % 25}`;
    if (i % 4 === 3) return { op: 'delete', key };
    return i % 4 === 0 ? { op: 'set', key, value: 'v'.repeat(18) } : { op: 'get', key: `page-${i}` };
  });
  const gets = Array.from({ length: 100 }, (_, i) => ({ op: 'get', key: `page-${i}` }));
  const scan = load([{ method: 'GET', path: '/infra/kv?prefix=page-&limit=100', headers: main }]);
  const webdis = (method: string, command: string, body?: string) =>
    load(each(KEYS, (i) => ({ method, path: `/${command}/small-${i}`, ...(body === undefined ? {} : { body }) })));
  const bare = (method: string, body?: string) =>
    load(each(KEYS, (i) => ({ method, path: `/small-${i}`, ...(body === undefined ? {} : { body }) })));
  const one = { operations: 1 };
  const cubby = { subject: 'cubby' as const, ...one };
  return [
    { name: 'webdis-get', about: 'webdis GET, 200 bytes', subject: 'webdis', load: webdis('GET', 'GET'), ...one },
    {
      name: 'webdis-set',
      about: 'webdis SET, 200 bytes',
      subject: 'webdis',
      load: webdis('PUT', 'SET', SMALL),
      ...one,
    },
    {
      name: 'ioredis-get',
      about: 'node:http + ioredis GET',
      subject: 'ioredis',
      load: bare('GET'),
      ...one,
      against: 'webdis-get',
    },
    {
      name: 'ioredis-put',
      about: 'node:http + ioredis PUT',
      subject: 'ioredis',
      load: bare('PUT', SMALL),
      ...one,
      against: 'webdis-set',
    },
    {
      name: 'constant',
      about: 'node:http, constant 200 bytes',
      subject: 'constant-200',
      load: bare('GET'),
      ...one,
      against: 'webdis-get',
    },
    { name: 'constant-256k', about: 'node:http, constant 256 KB', subject: 'constant-256k', load: bare('GET'), ...one },
    {
      name: 'pipe-256k',
      about: 'node:http, 256 KB handed on from Redis',
      subject: 'pipe-256k',
      load: load(each(LARGE_KEYS, (i) => ({ method: 'GET', path: `/large-${i}` }))),
      ...one,
    },
    { name: 'get', about: 'GET, 200 bytes', load: get(main, 'small', KEYS), ...cubby, against: 'webdis-get' },
    { name: 'put', about: 'PUT, 200 bytes', load: put('small', SMALL, KEYS), ...cubby, against: 'webdis-set' },
    { name: 'increment', about: 'increment', load: increment, ...cubby, against: 'webdis-set' },
    { name: 'scan', about: 'scan, page of 100', load: scan, ...cubby },
    { name: 'batch', about: 'batch of 100, get/set/delete', subject: 'cubby', load: batch(mixed), operations: 100 },
    { name: 'batch-get', about: 'batch of 100 gets, 200 bytes', subject: 'cubby', load: batch(gets), operations: 100 },
    {
      name: 'cached-get',
      about: 'GET, reads: cached',
      load: get(cached, 'small', KEYS),
      ...cubby,
      against: 'webdis-get',
    },
    { name: 'get-256k', about: 'GET, 256 KB', load: get(main, 'large', LARGE_KEYS), ...cubby, against: 'pipe-256k' },
    { name: 'put-256k', about: 'PUT, 256 KB', load: put('large', LARGE, LARGE_KEYS), ...cubby, against: 'pipe-256k' },
  ];
}

/** Batches of the greatest size that the API takes: 100 sets of 256 KB, 26 MB in one body. */
export function greatestBatch(token: string): Load {
  const ops = Array.from({ length: 100 }, (_, i) => ({
    op: 'set',
    key: `large-${i % LARGE_KEYS}`,
    value: 'v'.repeat(LARGE_BYTES - 2),
  }));
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  return load([{ method: 'POST', path: '/infra/kv', headers, body: JSON.stringify({ ops }) }], 2);
}
