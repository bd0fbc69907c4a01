import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Redis } from 'ioredis';
import { createCache } from '../../../dataplane/cache/cache.ts';
import type { Pool } from '../../../dataplane/store/pool.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { type Api, startApi } from './api.ts';
import { createClient, isProblem } from './client.ts';

describe('what was written past the API, straight into Redis', () => {
  let redis: TenantRedis;
  let pool: Pool;
  let api: Api;
  let admin: Redis;
  let token: string;
  const { call, get, put, remove, post } = createClient(() => api);

  before(async () => {
    redis = await startTenantRedis('8.0');
    pool = redis.pool({ password: () => redis.password, hooks: createCache({ bytes: 1_000_000 }).hooks }).pool;
    api = await startApi({ stores: pool, endpointOf: () => redis.server });
    admin = redis.admin();
    token = api.tenant('native');
  });
  after(async () => {
    api.close();
    await pool.close();
    await redis.stop();
  });

  test('another type of data is 409 conflict to reads and increments, and may be overwritten and deleted', async () => {
    await admin.hset('hash', 'field', '1');
    isProblem(await get('hash', token), 409, 'conflict', /another type/);
    isProblem(await post('/api/kv/get', token, { key: 'hash' }), 409, 'conflict');
    isProblem(await post('/infra/kv/hash/increment', token, {}), 409, 'conflict');
    isProblem(await post('/infra/kv/hash/increment', token, { ttl: 5, delta: 0.5 }), 409, 'conflict');
    const batch = await post('/infra/kv', token, { ops: ['hash', 'none'].map((key) => ({ op: 'get', key })) });
    const [first, second] = batch.json.results as Record<string, unknown>[];
    assert.deepEqual([first?.status, first?.code, second?.status], ['error', 'conflict', 'not_found']);
    assert.equal((await post('/api/kv/ttl', token, { key: 'hash' })).json.ttl, -1);
    assert.equal((await put('hash', token, '{"value":1}')).status, 200);
    await admin.rpush('list', 'a');
    assert.equal((await remove('list', token)).status, 200);
  });

  for (const reads of ['primary', 'cached'] as const) {
    test(`a string that is no JSON is read as a JSON string where others may write; reads: ${reads}`, async () => {
      const status = { nativeAccessSince: '2026-01-01T00:00:00Z', conditions: [] };
      const open = api.tenant(`open-${reads}`, { store: { reads, status } });
      const values: Record<string, string> = {
        plain: 'hello',
        quoted: 'say "hi"',
        json: '{"a": 1}',
        number: '41',
        empty: '',
      };
      for (const [key, value] of Object.entries(values)) await admin.set(key, value);
      const read = { plain: 'hello', quoted: 'say "hi"', json: { a: 1 }, number: 41, empty: '' };
      for (const again of [1, 2]) {
        for (const [key, value] of Object.entries(read)) {
          assert.deepEqual((await get(key, open)).json.value, value, `${key}, time ${again}`);
          assert.deepEqual((await post('/api/kv/get', open, { key })).json, { value });
        }
      }
      const ops = Object.keys(read).map((key) => ({ op: 'get', key }));
      const batch = await post('/infra/kv', open, { ops });
      assert.deepEqual(
        (batch.json.results as { value: unknown }[]).map(({ value }) => value),
        Object.values(read),
      );
      await admin.set('bytes', Buffer.from([0xff, 0x22]));
      assert.equal((await get('bytes', open)).json.value, '\ufffd"');
    });
  }

  test('a value longer than any of the API is 409 conflict, however often it is asked for, and no memory is taken up by it', async () => {
    const status = { nativeAccessSince: '2026-01-01T00:00:00Z', conditions: [] };
    const open = api.tenant('large', { store: { status } });
    await admin.set('large', Buffer.alloc(4_000_000, 1));
    await admin.set('grows', Buffer.alloc(262_144, 1));
    await admin.set('fits', Buffer.alloc(262_142, 'a'));
    await admin.set('small', '1');
    for (const key of ['large', 'grows']) isProblem(await get(key, open), 409, 'conflict', /more than 262,144 bytes/);
    isProblem(await get('large', token), 409, 'conflict', /more than 262,144 bytes/);
    assert.equal(((await get('fits', open)).json.value as string).length, 262_142);
    const before = process.resourceUsage().maxRSS;
    const ops = Array.from({ length: 100 }, (_, i) => ({ op: 'get', key: i === 99 ? 'small' : 'large' }));
    const batch = await post('/infra/kv', open, { ops });
    const results = batch.json.results as Record<string, unknown>[];
    assert.ok(results.slice(0, 99).every(({ status, code }) => status === 'error' && code === 'conflict'));
    assert.equal(results[99]?.value, 1);
    assert.ok(process.resourceUsage().maxRSS - before < 100_000, 'KB');
    assert.equal((await put('large', open, '{"value":1}')).status, 200);
    for (const key of ['grows', 'fits', 'small']) await admin.del(key);
  });

  test('names that are no valid keys are listed, except those that are no text', async () => {
    await admin.flushall();
    const odd = ['a..b', 'line\nbreak', 'k'.repeat(600), ''];
    for (const name of [...odd, 'good']) await admin.set(name, '1');
    await admin.set(Buffer.from([0x61, 0xff]), '1');
    assert.deepEqual(((await call('/infra/kv', token)).json.keys as string[]).sort(), [...odd, 'good'].sort());
    const listed = await post('/api/kv/keys', token, { pattern: '*' });
    assert.deepEqual((listed.json.keys as string[]).sort(), [...odd, 'good'].sort());
  });
});
