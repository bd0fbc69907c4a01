import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createMemoryStore } from '../../../dataplane/store/memory.ts';
import type { Store } from '../../../dataplane/store/port.ts';
import { type Api, startApi } from './api.ts';
import { createClient, isProblem } from './client.ts';

const member = { host: 'unused', port: 1 };
const VALUE = '{"value":1}';

describe('a store with three nodes over HTTP', () => {
  const asked: string[] = [];
  let api: Api;
  let token: string;
  let single: string;
  const { call } = createClient(() => api);

  before(async () => {
    const store = createMemoryStore();
    const told = <T>(what: string, result: T): T => {
      asked.push(what);
      return result;
    };
    const named = (name: string): Store => ({
      ...store,
      set: (...args) => told(`${name}.set`, store.set(...args)),
      get: (...args) => told(`${name}.get`, store.get(...args)),
      batch: (...args) => told(`${name}.batch`, store.batch(...args)),
      near: (...args) => told(`${name}.near`, store.get(...args)),
      durable: (nodes) => named(`durable ${nodes}`),
    });
    api = await startApi({
      stores: { open: () => named('plain'), close: async () => {} },
      endpointOf: ({ metadata }) => ({
        ...member,
        ...(metadata.namespace === 'three' && { topology: { mode: 'Replicated', members: [member, member, member] } }),
      }),
    });
    token = api.tenant('three');
    single = api.tenant('single');
  });
  after(() => api.close());

  /** Which methods of which store a request came to. */
  async function askedBy(path: string, method: string, headers: Record<string, string>, body?: string) {
    asked.length = 0;
    const type = { 'content-type': 'application/json' };
    const answer = await call(path, token, { method, headers: { ...headers, ...type }, ...(body && { body }) });
    assert.equal(answer.status, 200, answer.text);
    return asked.join();
  }

  test('a write goes the way of as many nodes as it asks for, and one that does not ask goes as ever', async () => {
    assert.equal(await askedBy('/infra/kv/k', 'PUT', { 'X-Durability': '2' }, VALUE), 'durable 2.set');
    assert.equal(await askedBy('/infra/kv/k', 'PUT', {}, VALUE), 'plain.set');
    assert.equal(
      await askedBy('/api/kv/set', 'POST', { 'X-Durability': '3' }, '{"key":"k","value":1}'),
      'durable 3.set',
    );
    const ops = '{"ops":[{"op":"set","key":"k","value":1}]}';
    assert.equal(await askedBy('/infra/kv', 'POST', { 'X-Durability': '2' }, ops), 'durable 2.batch');
  });

  test('what cannot be is refused before anything is written', async () => {
    asked.length = 0;
    const put = (bearer: string, nodes: string) =>
      call('/infra/kv/k', bearer, {
        method: 'PUT',
        headers: { 'X-Durability': nodes, 'content-type': 'application/json' },
        body: VALUE,
      });
    isProblem(await put(token, '4'), 400, 'bad_request', /at most 3/);
    isProblem(await put(token, '1'), 400, 'bad_request', /2 or more/);
    isProblem(await put(single, '2'), 400, 'bad_request', /one node/);
    assert.deepEqual(asked, []);
  });

  test('a read may be answered nearby, unless it is to be fresh, and asks for no nodes', async () => {
    assert.equal(await askedBy('/infra/kv/k', 'GET', { 'X-Durability': '9' }), 'plain.near');
    assert.equal(await askedBy('/infra/kv/k', 'GET', { 'Cache-Control': 'no-store' }), 'plain.get');
    assert.equal(await askedBy('/api/kv/get', 'POST', {}, '{"key":"k"}'), 'plain.near');
  });
});
