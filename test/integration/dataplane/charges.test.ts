import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Counts, Meter } from '../../../dataplane/metering/port.ts';
import { createUnmetered } from '../../../dataplane/metering/unmetered.ts';
import { type BatchOutcome, type Store, StoreError } from '../../../dataplane/store/port.ts';
import { type Api, startApi, stubStores } from './api.ts';
import { type Client, createClient, isProblem } from './client.ts';

/** A meter that remembers what it was asked, and covers what the test says. */
function createRecorder(): Meter & { taken: Counts[]; ran: Counts[]; covers: boolean } {
  const recorder = {
    ...createUnmetered(),
    taken: [] as Counts[],
    ran: [] as Counts[],
    covers: true,
    reserve(_: unknown, counts: Counts) {
      recorder.taken.push(counts);
      return {
        covered: recorder.covers,
        remaining: 5_300,
        settle(ran: Counts) {
          recorder.ran.push(ran);
          return { charged: 800, remaining: 4_500 };
        },
      };
    },
  };
  return recorder;
}

describe('what is charged', () => {
  const meter = createRecorder();
  const value = Buffer.from('1');
  const entry = { value, expiresAt: null };
  /** What the store does in a test, beyond working. */
  let methods: Partial<Store> = {};
  let api: Api;
  let token: string;
  let client: Client;

  before(async () => {
    const working = stubStores({}).open({ uid: '', host: '', port: 0, credentialGeneration: 1 });
    api = await startApi({ meter, stores: { open: () => ({ ...working, ...methods }), close: async () => {} } });
    token = api.tenant('charged');
    client = createClient(() => api);
  });
  beforeEach(() => {
    methods = {};
    Object.assign(meter, { taken: [], ran: [], covers: true });
  });
  after(() => api.close());

  const ops = (...kinds: string[]) =>
    kinds.map((op, i) => ({ op, key: `k${i}`, ...(op === 'set' ? { value: 1 } : {}) }));

  test('a call that succeeds is charged as what it is', async () => {
    methods = {
      get: async () => entry,
      set: async () => ({ expiresAt: null }),
      delete: async () => 1,
      increment: async () => entry,
      expire: async () => true,
      ttl: async () => -1,
      scan: async () => ({ keys: [], examined: 4321, next: undefined }),
      size: async () => 5000,
      batch: async (all) => all.map(() => ({ value, found: true })),
    };
    const calls: [() => Promise<{ status: number }>, Counts, Counts?][] = [
      [() => client.get('k', token), { get: 1 }],
      [() => client.put('k', token, '{"value":1}'), { set: 1 }],
      [() => client.remove('k', token), { delete: 1 }],
      [() => client.post('/infra/kv/k/increment', token, {}), { increment: 1 }],
      [() => client.call('/infra/kv', token), { scan: 1 }],
      [
        () => client.post('/infra/kv', token, { ops: ops('get', 'set', 'set', 'delete', 'get', 'get') }),
        { get: 3, set: 2, delete: 1 },
      ],
      [() => client.post('/api/kv/get', token, { key: 'k' }), { get: 1 }],
      [() => client.post('/api/kv/set', token, { key: 'k', value: 1 }), { set: 1 }],
      [() => client.post('/api/kv/del', token, { keys: ['a', 'b', 'c'] }), { delete: 3 }],
      [() => client.post('/api/kv/incr', token, { key: 'k' }), { increment: 1 }],
      [() => client.post('/api/kv/expire', token, { key: 'k', seconds: 1 }), { set: 1 }],
      [() => client.post('/api/kv/ttl', token, { key: 'k' }), { get: 1 }],
      [() => client.post('/api/kv/keys', token, { pattern: '*' }), { scan: 5 }],
    ];
    for (const [call, counts] of calls) {
      assert.equal((await call()).status, 200);
      assert.deepEqual(meter.taken.pop(), counts);
      assert.deepEqual(meter.ran.pop(), counts);
    }
  });

  test('keys is charged for each thousand names that were looked at, and for one at the least', async () => {
    const keys = (size: number, examined: number) => {
      methods = { size: async () => size, scan: async () => ({ keys: [], examined, next: undefined }) };
      return client.post('/api/kv/keys', token, { pattern: '*' });
    };
    for (const [size, examined, taken, ran] of [
      [0, 0, 1, 1],
      [1000, 1000, 1, 1],
      [1001, 1001, 2, 2],
      [100_000, 10_000, 100, 10],
      [10, 5000, 1, 1],
      [5_000_000, 1_000_000, 1000, 1000],
    ] as const) {
      await keys(size, examined);
      assert.deepEqual([meter.taken.pop(), meter.ran.pop()], [{ scan: taken }, { scan: ran }]);
    }
  });

  test('a read that finds nothing is charged, a delete and a refused write are not', async () => {
    methods = { get: async () => null, delete: async () => 0, set: async () => undefined };
    assert.equal((await client.get('k', token)).status, 404);
    assert.equal((await client.remove('k', token)).status, 404);
    assert.equal((await client.put('k', token, '{"value":1,"if_not_exists":true}')).status, 409);
    assert.deepEqual(meter.ran, [{ get: 1 }, {}, {}]);
  });

  test('of a batch what ran is charged: not what failed, and not deletes of what was not there', async () => {
    const outcomes: BatchOutcome[] = [
      { value, found: true },
      { value: null, found: false },
      new StoreError('full', 'no room'),
      { value: null, found: false },
      new StoreError('unknown', 'lost'),
      new StoreError('unavailable', 'gone'),
    ];
    methods = { batch: async () => outcomes };
    const answer = await client.post('/infra/kv', token, { ops: ops('get', 'get', 'set', 'delete', 'set', 'get') });
    const told = (answer.json.results as { status: string; code?: string; message?: string }[]).map(
      ({ status, code, message }) => [status, code, message].filter(Boolean).join(' '),
    );
    assert.deepEqual(told, [
      'ok',
      'not_found',
      'error store_full no room',
      'not_found',
      'error outcome_unknown lost',
      'error store_unavailable gone',
    ]);
    assert.deepEqual(meter.ran, [{ get: 2, set: 0, delete: 0 }]);
  });

  test('a batch of which nothing ran since the store is away is 503 as a whole', async () => {
    methods = { batch: async (all) => all.map(() => new StoreError('unavailable', 'gone')) };
    const answer = await client.post('/infra/kv', token, { ops: ops('get', 'set') });
    isProblem(answer, 503, 'store_unavailable', /gone/);
    assert.equal(answer.headers.get('retry-after'), '1');
    methods = { batch: () => Promise.reject(new StoreError('unavailable', 'starting')) };
    isProblem(await client.post('/infra/kv', token, { ops: ops('set') }), 503, 'store_unavailable', /starting/);
    assert.deepEqual(meter.ran, [{}, {}]);
  });

  test('what a store refuses or fails at is not charged', async () => {
    for (const failure of [
      'unavailable',
      'unknown',
      'full',
      'wrong-type',
      'not-a-number',
      'overflow',
      'failed',
    ] as const) {
      methods = { increment: () => Promise.reject(new StoreError(failure, failure)) };
      assert.ok((await client.post('/infra/kv/k/increment', token, {})).status >= 400);
      assert.deepEqual(meter.ran.pop(), {});
    }
  });

  test('a value that is read and finds no room any more is not charged', async () => {
    methods = {
      get: async () => {
        api.budget.hold(api.budget.limit);
        return entry;
      },
    };
    const answer = await client.get('k', token);
    api.budget.hold(-api.budget.limit);
    isProblem(answer, 503, 'store_unavailable', /busy/);
    assert.deepEqual(meter.ran, [{}]);
  });

  test('a request that is refused before it runs takes nothing', async () => {
    await client.put('k', token, '{"value":1,"ttl":0}');
    await client.post('/infra/kv', token, { ops: [{ op: 'put', key: 'k' }] });
    await client.post('/api/kv/set', token, { key: 'k', value: 1, ex: 1, px: 1 });
    await client.get('a..b', token);
    await client.get('k', 'nonsense');
    assert.deepEqual(meter.taken, []);
  });

  test('where the budget does not cover all of it, nothing of it runs', async () => {
    let asked = 0;
    const count = async () => {
      asked++;
      throw new Error('it ran');
    };
    methods = { batch: count, get: count, set: count, delete: count, increment: count, scan: count };
    meter.covers = false;
    const answers = [
      await client.post('/infra/kv', token, { ops: ops('get', 'set') }),
      await client.get('k', token),
      await client.call('/infra/kv', token),
      await client.post('/api/kv/keys', token, { pattern: '*' }),
    ];
    for (const answer of answers) {
      isProblem(answer, 402, 'insufficient_tokens', /usage/);
      assert.equal(answer.headers.get('x-tokens-charged'), '0');
      assert.equal(answer.headers.get('x-tokens-remaining'), '0.0000053');
    }
    assert.equal(asked, 0);
  });

  test('answers say what was charged and what is left, in tokens', async () => {
    const { headers } = await client.post('/api/kv/get', token, { key: 'k' });
    assert.equal(headers.get('x-tokens-charged'), '0.0000008');
    assert.equal(headers.get('x-tokens-remaining'), '0.0000045');
  });
});
