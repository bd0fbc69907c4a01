import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Cache, createCache } from '../../../dataplane/cache/cache.ts';
import type { Pool } from '../../../dataplane/store/pool.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { type Api, startApi } from './api.ts';

for (const plain of [true, false]) {
  describe(`over HTTP with reads: cached, plain requests ${plain ? 'in front' : 'through Node'}`, () => {
    let tenant: TenantRedis;
    let cache: Cache;
    let pool: Pool;
    let api: Api;
    let token: string;

    before(async () => {
      tenant = await startTenantRedis('8.0');
      cache = createCache({ bytes: 2 ** 22 });
      ({ pool } = tenant.pool({ hooks: cache.hooks, password: () => tenant.password }));
      const { host, port } = tenant.server;
      api = await startApi({ stores: pool, endpointOf: () => ({ host, port }), plain });
      token = api.tenant('cached', { store: { reads: 'cached' } });
    });
    after(async () => {
      api.close();
      await pool.close();
      await tenant.stop();
    });

    async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
      const answer = await fetch(`${api.url}${path}`, {
        method,
        headers: { Authorization: `Bearer ${token}`, ...type, ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return {
        status: answer.status,
        cacheControl: answer.headers.get('cache-control'),
        json: (await answer.json()) as Record<string, unknown>,
      };
    }

    /** How many GETs Redis ran while `work` lasted. */
    async function asked(work: () => Promise<unknown>): Promise<number> {
      const count = async () =>
        Number(/cmdstat_get:calls=(\d+)/.exec(await tenant.admin().info('commandstats'))?.[1] ?? 0);
      const before = await count();
      await work();
      return (await count()) - before;
    }

    const entry = { status: 200, cacheControl: 'no-store', json: { key: 'k', value: { a: 1 }, expires_at: null } };
    const get = (headers: Record<string, string> = {}) => send('GET', '/infra/kv/k', undefined, headers);

    test('both surfaces answer from memory what Redis answered before, to the byte', async () => {
      await send('PUT', '/infra/kv/k', { value: { a: 1 } });
      assert.deepEqual(await get(), entry);
      const questions = await asked(async () => {
        for (let i = 0; i < 5; i++) assert.deepEqual(await get(), entry);
        assert.deepEqual((await send('POST', '/api/kv/get', { key: 'k' })).json, { value: { a: 1 } });
      });
      assert.equal(questions, 0);
    });

    test('a key that does not exist is remembered as well, until it does', async () => {
      assert.equal((await send('GET', '/infra/kv/none')).status, 404);
      assert.equal(await asked(async () => assert.equal((await send('GET', '/infra/kv/none')).status, 404)), 0);
      assert.deepEqual((await send('POST', '/api/kv/get', { key: 'none' })).json, { value: null });
      await send('PUT', '/infra/kv/none', { value: 1 });
      assert.equal((await send('GET', '/infra/kv/none')).status, 200);
    });

    test('Cache-Control: no-store asks Redis, and max-age does not', async () => {
      await get();
      for (const control of ['no-store', 'No-Store', 'no-cache', 'max-age=0, no-store']) {
        const questions = await asked(async () => assert.deepEqual(await get({ 'Cache-Control': control }), entry));
        assert.equal(questions, 1, control);
      }
      assert.equal(await asked(() => get({ 'Cache-Control': 'max-age=0, x=no-stores' })), 0);
      const fresh = { 'Cache-Control': 'no-store' };
      assert.equal(await asked(() => send('POST', '/api/kv/get', { key: 'k' }, fresh)), 1);
      assert.equal(await asked(() => send('POST', '/infra/kv', { ops: [{ op: 'get', key: 'k' }] }, fresh)), 1);
      assert.equal(await asked(() => send('POST', '/infra/kv', { ops: [{ op: 'get', key: 'k' }] })), 0);
    });

    test('conditional writes and increments are decided by Redis, not by memory', async () => {
      await send('GET', '/infra/kv/decided');
      await tenant.admin().set('decided', '5');
      assert.equal((await send('PUT', '/infra/kv/decided', { value: 1, if_not_exists: true })).status, 409);
      assert.equal((await send('POST', '/infra/kv/decided/increment', { delta: 1 })).json.value, 6);
      assert.equal((await send('GET', '/infra/kv/decided')).json.value, 6);
    });

    test('reads are switched off and on by the spec, from one request to the next', async () => {
      const switched = (reads: 'cached' | 'primary') => api.tenant('cached', { store: { reads } });
      await get();
      token = switched('primary');
      assert.equal(await asked(get), 1);
      assert.equal(await asked(get), 1);
      token = switched('cached');
      assert.deepEqual(await get(), entry);
    });
  });
}
