import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Pool } from '../../../dataplane/store/pool.ts';
import type { BatchOp, Store } from '../../../dataplane/store/port.ts';
import { startTenantCluster } from '../../contract/tenant-cluster.ts';
import { startTenantRedis } from '../../contract/tenant-redis.ts';
import { startTenantReplicated } from '../../contract/tenant-replicated.ts';

const KEYS = Array.from({ length: 3000 }, (_, i) => `key:${i}`);
const limits = { waitMs: 60_000, inFlight: 4096, waiting: 256 };

async function fill(store: Store): Promise<void> {
  const ops = KEYS.map((key): BatchOp => ({ op: 'set', key, value: Buffer.from('1') }));
  assert.ok((await store.batch(ops)).every((outcome) => !(outcome instanceof Error)));
}

/** Scans, calls `interrupt` after so many names, and gives what was seen and how many names the pages had in all. */
async function scanAll(
  storeOf: (page: number) => Store,
  interrupt: () => Promise<unknown> = async () => {},
  after = KEYS.length / 2,
): Promise<{ missed: string[]; names: number }> {
  const seen = new Set<string>();
  let names = 0;
  let next: string | undefined;
  let interrupted = false;
  for (let page = 0; page === 0 || next !== undefined; page++) {
    const given = await storeOf(page).scan('key:*', 100, next);
    for (const key of given.keys) seen.add(key);
    names += given.keys.length;
    next = given.next;
    if (interrupted || names < after) continue;
    interrupted = true;
    await interrupt();
  }
  assert.ok(interrupted);
  return { missed: KEYS.filter((key) => !seen.has(key)), names };
}

describe('a scan over which Redis is restarted gives every key that is there throughout', () => {
  for (const version of ['7.0', '8.0'] as const) {
    test(`one Redis ${version}`, async (t) => {
      const tenant = await startTenantRedis(version, ['--appendonly', 'yes']);
      t.after(() => tenant.stop());
      const { pool } = tenant.pool({ limits });
      t.after(() => pool.close());
      const store = pool.open(tenant.address);
      await fill(store);
      for (const share of [0.1, 0.5, 0.9]) {
        const { missed, names } = await scanAll(
          () => store,
          () => tenant.server.restart(),
          KEYS.length * share,
        );
        assert.deepEqual(missed, []);
        assert.ok(names > KEYS.length, 'it began anew');
      }
    });
  }

  test('shards, of which one is restarted', async (t) => {
    const tenant = await startTenantCluster('7.0', 2, ['--appendonly', 'yes']);
    t.after(() => tenant.stop());
    const { pool } = tenant.pool({ limits });
    t.after(() => pool.close());
    const store = pool.open(tenant.address);
    await fill(store);
    const { missed, names } = await scanAll(
      () => store,
      async () => tenant.shards[0]?.restart(),
      KEYS.length / 4,
    );
    assert.deepEqual(missed, []);
    assert.ok(names > KEYS.length && names < 1.5 * KEYS.length, `${names} names: only that shard begins anew`);
  });

  test('replicas, of which another becomes the primary', async (t) => {
    const tenant = await startTenantReplicated({ version: '8.0' });
    t.after(() => tenant.stop());
    const { pool } = tenant.pool({ limits });
    t.after(() => pool.close());
    const store = pool.open(tenant.address);
    await fill(store);
    await store.durable?.(3).set('all', Buffer.from('1'));
    const old = await tenant.primary(2);
    const { missed, names } = await scanAll(
      () => store,
      async () => tenant.members[old]?.redis.kill(),
    );
    assert.deepEqual(missed, []);
    assert.ok(names > KEYS.length, 'it began anew');
  });
});

describe('a scan goes on where it was', () => {
  async function open(t: TestContext): Promise<{ fresh: () => { pool: Pool; store: Store } }> {
    const tenant = await startTenantRedis('8.0');
    t.after(() => tenant.stop());
    const fresh = () => {
      const { pool } = tenant.pool({ limits });
      t.after(() => pool.close());
      return { pool, store: pool.open(tenant.address) };
    };
    await fill(fresh().store);
    return { fresh };
  }

  test('at whichever data plane it is asked for', async (t) => {
    const { fresh } = await open(t);
    const stores = [fresh().store, fresh().store, fresh().store];
    for (const store of stores) await store.size();
    const { missed, names } = await scanAll((page) => stores[page % stores.length] as Store);
    assert.deepEqual([missed, names], [[], KEYS.length]);
  });

  test('and begins anew at most once where a data plane connects in the middle', async (t) => {
    const { fresh } = await open(t);
    const [first, second] = [fresh().store, fresh().store];
    const { missed, names } = await scanAll((page) => (page % 2 === 0 ? first : second));
    assert.deepEqual(missed, []);
    assert.ok(names < 2 * KEYS.length, `${names} names`);
  });
});
