import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { BatchOp, BatchOptions, ScanPage, Store } from '../../../dataplane/store/port.ts';
import { StoreError } from '../../../dataplane/store/port.ts';
import { startTenantRedis } from '../../contract/tenant-redis.ts';
import { startApi, stubStores } from './api.ts';
import { createClient, isProblem } from './client.ts';

const heldBytes = 400_000;
/** What one tenant may take up. */
const SHARE = 100_000;
const get = (key: string): BatchOp => ({ op: 'get', key });

/** An API over a store that is answered by hand. */
async function open(t: TestContext, methods: Partial<Store>) {
  const api = await startApi({ stores: stubStores(methods), heldBytes });
  t.after(() => api.close());
  return { api, token: api.tenant('many'), other: api.tenant('other'), ...createClient(() => api) };
}

test('values that batches have read count as held while more is awaited, and are given back', async (t) => {
  const batches: { took: NonNullable<BatchOptions['took']>; end: () => void }[] = [];
  const { api, token, other, post } = await open(t, {
    batch: (ops, { took } = {}) =>
      new Promise((resolve) => {
        if (took) batches.push({ took, end: () => resolve(ops.map(() => ({ value: null, found: false }))) });
      }),
  });
  const answers = [token, token, other].map((each) => post('/infra/kv', each, { ops: [get('a'), get('b')] }));
  while (batches.length < 3) await new Promise(setImmediate);
  const before = api.budget.held;
  const [first, second, others] = batches;
  const window = [Buffer.alloc(20_000), Buffer.alloc(30_000)];
  assert.equal(first?.took(window), true);
  assert.equal(api.budget.held, before + SHARE / 2);
  assert.equal(second?.took(window), false, 'both together have the whole share');
  assert.equal(others?.took(window), true, 'another tenant has its own');
  for (const { end } of batches) end();
  for (const answer of await Promise.all(answers)) await answer;
  while (api.budget.held > 0) await new Promise(setImmediate);
});

test('a batch whose reads find no room any more reads no further, and its writes are done', async (t) => {
  const redis = await startTenantRedis('8.0');
  t.after(() => redis.stop());
  const { pool } = redis.pool();
  t.after(() => pool.close());
  const store = pool.open(redis.address);
  const value = Buffer.alloc(262_144, '1');
  const keys = Array.from({ length: 60 }, (_, i) => `k${i}`);
  await store.batch(keys.map((key) => ({ op: 'set', key, value })));
  await store.batch(keys.map(get));
  let read = 0;
  const took = (values: readonly Buffer[]) => {
    read += values.length;
    return false;
  };
  const outcomes = await store.batch([...keys.map(get), { op: 'set', key: 'last', value }], { took });
  assert.ok(read > 0 && read < 30, `${read} values were read`);
  const [written, ...rest] = outcomes.reverse();
  assert.deepEqual(written, { value, found: true });
  const failed = rest.filter((outcome) => outcome instanceof StoreError && outcome.failure === 'unavailable');
  assert.equal(failed.length, keys.length - read);
  assert.deepEqual(await store.batch([get('last')]), [{ value, found: true }]);
});

test('names that are gathered count as held, and a call that finds no room for them is refused and costs nothing', async (t) => {
  const pages: ((page: ScanPage) => void)[] = [];
  const { api, token, post } = await open(t, {
    scan: () => new Promise((resolve) => pages.push(resolve)),
    size: async () => 1000,
  });
  const ask = () => post('/api/kv/keys', token, { pattern: '*' });
  const both = [ask(), ask()];
  while (pages.length < 2) await new Promise(setImmediate);
  const keys = Array.from({ length: 50 }, (_, i) => `${i}`.padEnd(500, 'é'));
  pages[0]?.({ keys, examined: 50, next: '1' });
  while (pages.length < 3) await new Promise(setImmediate);
  assert.ok(api.budget.held >= keys.length * 1000);
  pages[1]?.({ keys, examined: 50, next: '1' });
  const refused = await both[1];
  assert.ok(refused);
  isProblem(refused, 503, 'store_unavailable', /busy/);
  pages[2]?.({ keys: ['last'], examined: 1, next: undefined });
  const answered = await both[0];
  assert.ok(answered);
  assert.equal((answered.json.keys as string[]).length, 51);
  while (api.budget.held > 0) await new Promise(setImmediate);
});

test('of many wrong keys to delete only the first is looked at', async (t) => {
  const { token, post } = await open(t, {});
  const body = `{"keys":[${Array(45_000).fill(1)}]}`;
  await post('/api/kv/del', token, '{"keys":[1]}');
  let fastest = Infinity;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    isProblem(await post('/api/kv/del', token, body), 400, 'bad_request', /^a key must be a string$/);
    fastest = Math.min(fastest, performance.now() - start);
  }
  assert.ok(fastest < 15, `${fastest} ms`);
});
