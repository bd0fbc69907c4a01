import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { slotOf } from '../../../dataplane/store/cluster/slot.ts';
import type { Pool } from '../../../dataplane/store/pool.ts';
import { type BatchOp, type Store, StoreError } from '../../../dataplane/store/port.ts';
import { startTenantCluster, type TenantCluster } from '../../contract/tenant-cluster.ts';
import { eventually } from '../eventually.ts';
import { failsAs } from './outcomes.ts';

const SHARDS = 3;
const bytes = (text: string | number) => Buffer.from(String(text));
/** The shard that a key is at before anything was moved. */
const firstShardOf = (key: string) => Math.floor((slotOf(key) * SHARDS) / 16_384);
/** Keys that are at that shard before anything was moved. */
const keysAt = (shard: number, count: number, prefix: string) =>
  Array.from({ length: 40 * count }, (_, i) => `${prefix}${i}`)
    .filter((key) => firstShardOf(key) === shard)
    .slice(0, count);

describe('a store of shards', () => {
  let tenant: TenantCluster;
  let pool: Pool;
  let store: Store;

  before(async () => {
    tenant = await startTenantCluster('8.0', SHARDS, ['--appendonly', 'yes']);
  });
  after(() => tenant.stop());
  beforeEach(async () => {
    await tenant.flush();
    // Longer than a machine that has other things to do takes for anything here.
    ({ pool } = tenant.pool({ limits: { waitMs: 15_000, inFlight: 4096, waiting: 256 } }));
    store = pool.open(tenant.address);
  });
  afterEach(() => pool.close());

  async function names(open: () => Store, pattern = '*', between = async () => {}): Promise<Set<string>> {
    const seen = new Set<string>();
    let next: string | undefined;
    do {
      const page = await open().scan(pattern, 20, next);
      for (const key of page.keys) seen.add(key);
      next = page.next;
      await between();
    } while (next !== undefined);
    return seen;
  }

  test('a shard that is down fails what is at it, and nothing else', async () => {
    ({ pool } = tenant.pool({ limits: { waitMs: 300, inFlight: 4096, waiting: 256 } }));
    store = pool.open(tenant.address);
    const all = [0, 1, 2].flatMap((shard) => keysAt(shard, 20, 'dead:'));
    const set = await store.batch(all.map((key): BatchOp => ({ op: 'set', key, value: bytes(1) })));
    assert.ok(set.every((outcome) => !(outcome instanceof StoreError)));
    await tenant.shards[1]?.kill();
    // One that has never asked before learns from those that are there.
    const fresh = tenant.pool({ limits: { waitMs: 300, inFlight: 4096, waiting: 256 } }).pool;
    try {
      for (const each of [store, fresh.open(tenant.address)]) {
        for (const key of all) {
          const asked = Promise.allSettled([each.get(key), each.increment(key, 0), each.ttl(key)]);
          for (const { status } of await asked) {
            assert.equal(status, firstShardOf(key) === 1 ? 'rejected' : 'fulfilled', key);
          }
          if (firstShardOf(key) === 1) break;
        }
        const outcomes = await each.batch(all.map((key): BatchOp => ({ op: 'get', key })));
        const failed = all.filter((_, i) => outcomes[i] instanceof StoreError);
        assert.deepEqual(failed, keysAt(1, 20, 'dead:'));
        await assert.rejects(each.size(), failsAs('unavailable'));
        await assert.rejects(
          names(() => each),
          failsAs('unavailable'),
        );
        assert.equal(await each.delete(keysAt(0, 20, 'dead:').slice(0, 0)), 0);
      }
      await assert.rejects(store.delete(all), failsAs('unknown'));
      await assert.rejects(store.delete(keysAt(1, 5, 'dead:')), failsAs('unavailable'));
    } finally {
      await fresh.close();
      await tenant.shards[1]?.restart();
    }
    // A shard that was restarted takes keys only some seconds later.
    const [back = ''] = keysAt(1, 1, 'dead:');
    const answers = () => store.get(back).then(Boolean, () => false);
    await eventually('the shard takes commands', 30_000, answers);
    assert.deepEqual(await names(() => store), new Set(keysAt(1, 20, 'dead:')));
  });

  test('a write waits out the two seconds in which a shard that has started takes none', async () => {
    ({ pool } = tenant.pool({ limits: { waitMs: 1000, inFlight: 4096, waiting: 256 } }));
    store = pool.open(tenant.address);
    const [key = ''] = keysAt(1, 1, 'restarted:');
    await store.set(key, bytes(0));
    await tenant.shards[1]?.restart();
    const [one, two] = await Promise.all([store.set(key, bytes(1)), store.increment(`{${key}}n`, 1)]);
    assert.deepEqual(one, { expiresAt: null });
    assert.equal(String(two.value), '1');
  });

  test('a shard that takes no writes is sent none until it does', async () => {
    for (const shard of [0, 1, 2]) {
      const admin = tenant.admin(shard);
      const [key = ''] = keysAt(shard, 1, 'held:');
      await store.set(key, bytes(0));
      await admin.call('CONFIG', 'SET', 'min-replicas-to-write', 1);
      await admin.call('CONFIG', 'RESETSTAT');
      const write = store.set(key, bytes(1));
      assert.equal(await Promise.race([write.then(() => 'done'), sleep(600, 'held')]), 'held');
      const stats = String(await admin.call('INFO', 'commandstats'));
      assert.match(stats, /cmdstat_set:calls=0,.*rejected_calls=1,/, `shard ${shard}`);
      await admin.call('CONFIG', 'SET', 'min-replicas-to-write', 0);
      assert.deepEqual(await write, { expiresAt: null });
    }
  });

  test('what a shard names that is no member of the store is not asked', async () => {
    const { pool: other } = tenant.pool({ limits: { waitMs: 200, inFlight: 4096, waiting: 256 } });
    const members = (tenant.address.topology?.members ?? []).slice(0, 2);
    const part = other.open({ ...tenant.address, topology: { mode: 'Sharded', members } });
    try {
      await part.set(keysAt(0, 1, 'k')[0] ?? '', bytes(1));
      for (const key of keysAt(2, 3, 'k')) await assert.rejects(part.set(key, bytes(1)), failsAs('unavailable'));
      await assert.rejects(
        names(() => part),
        failsAs('unavailable'),
      );
      assert.ok(other.connections() <= 2);
    } finally {
      await other.close();
    }
  });

  test('every operation does what it says on a slot that is half moved', async () => {
    const [sample = ''] = keysAt(0, 1, 'tag');
    const keys = Array.from({ length: 12 }, (_, i) => `{${sample}}${i}`);
    const slot = slotOf(keys[0] ?? '');
    await store.batch(keys.map((key, i): BatchOp => ({ op: 'set', key, value: bytes(i), ttl: 1000 })));
    let halves = 0;
    await tenant.move([slot], 0, 1, async () => {
      halves++;
      const atTarget = Number(await tenant.admin(1).call('CLUSTER', 'COUNTKEYSINSLOT', slot));
      assert.ok(atTarget > 0 && atTarget < keys.length, 'some keys are at one shard, some at the other');
      for (const [i, key] of keys.entries()) {
        const entry = await store.get(key);
        assert.equal(String(entry?.value), String(i));
        assert.ok((entry?.expiresAt ?? 0) > Date.now() + 900_000);
        assert.ok((await store.ttl(key)) > 900);
        assert.equal(String((await store.increment(key, 5)).value), String(i + 5));
        assert.equal(String((await store.increment(key, 0.5)).value), String(i + 5.5));
        assert.equal(await store.expire(key, 2000), true);
        assert.equal(await store.set(key, bytes(i), { only: 'if-absent' }), undefined);
        const written = await store.set(key, bytes(i), { only: 'if-present', expiry: { seconds: 500 } });
        assert.ok(Math.abs((written?.expiresAt ?? 0) - Date.now() - 500_000) < 60_000);
        const fresh = `${key}:new`;
        assert.equal(await store.get(fresh), null);
        assert.equal(await store.ttl(fresh), -2);
        assert.equal(await store.expire(fresh, 5), false);
        const made = await store.increment(fresh, 3, 100);
        assert.equal(String(made.value), '3');
        assert.ok((made.expiresAt ?? 0) > Date.now() + 50_000);
        assert.equal(await store.delete([fresh, key, fresh]), 2);
        await store.set(key, bytes(i));
      }
      const outcomes = await store.batch(
        keys.flatMap((key, i): BatchOp[] => [
          { op: 'get', key },
          { op: 'delete', key },
          { op: 'get', key },
          { op: 'set', key, value: bytes(i), ttl: 77 },
          { op: 'get', key },
        ]),
      );
      keys.forEach((_, i) => {
        const value = bytes(i);
        const expected = [value, null, null, value, value];
        assert.deepEqual(
          outcomes.slice(5 * i, 5 * i + 5).map((outcome) => (outcome instanceof Error ? outcome : outcome.value)),
          expected,
        );
      });
    });
    assert.equal(halves, 1);
    for (const [i, key] of keys.entries()) assert.equal(String((await store.get(key))?.value), String(i));
    assert.equal(Number(await tenant.admin(0).call('CLUSTER', 'COUNTKEYSINSLOT', slot)), 0);
  });

  test('a scan does not end before the shards that have joined are known', async () => {
    const two = await startTenantCluster('8.0', 2);
    const { pool: own } = two.pool({ limits: { waitMs: 15_000, inFlight: 4096, waiting: 256 } });
    try {
      const keys = Array.from({ length: 50 }, (_, i) => `key:${i}`);
      const part = own.open(two.address);
      await part.batch(keys.map((key): BatchOp => ({ op: 'set', key, value: bytes(1) })));
      const grown = await two.grow();
      await two.move(
        [...new Set(keys.map(slotOf))].filter((slot) => slot >= 8192),
        1,
        2,
      );
      const seen = names(() => part);
      assert.equal(await Promise.race([seen.then(() => 'ended'), sleep(500, 'waits')]), 'waits');
      own.open(grown);
      assert.deepEqual(await seen, new Set(keys));
    } finally {
      await own.close();
      await two.stop();
    }
  });

  test('nothing is lost, doubled or refused while slots are moved and shards join', async () => {
    const stay = Array.from({ length: 600 }, (_, i) => `stay:${i}`);
    await store.batch(stay.slice(0, 300).map((key): BatchOp => ({ op: 'set', key, value: bytes(key) })));
    await store.batch(stay.slice(300).map((key): BatchOp => ({ op: 'set', key, value: bytes(key) })));
    let address = tenant.address;
    const open = () => pool.open(address);
    let over = false;
    let rounds = 0;
    const counters = Array.from({ length: 40 }, (_, i) => `counter:${i}`);
    const sums = new Map(counters.map((key) => [key, 0]));

    async function write(worker: number): Promise<void> {
      for (let n = 0; !over; n++) {
        const [key, counter] = [`own:${worker}:${n % 50}`, counters[(n * 7 + worker) % counters.length] as string];
        const written = await open().set(key, bytes(n), { expiry: { seconds: 100 } });
        assert.ok(written?.expiresAt);
        assert.equal(String((await open().get(key))?.value), String(n));
        await open().increment(counter, 1, 1000);
        sums.set(counter, (sums.get(counter) ?? 0) + 1);
        const [got, gone, none] = await open().batch([
          { op: 'get', key },
          { op: 'delete', key },
          { op: 'get', key },
        ]);
        assert.deepEqual(
          [got, gone, none],
          [
            { value: bytes(n), found: true },
            { value: null, found: true },
            { value: null, found: false },
          ],
        );
        await open().batch([key, `${key}x`].map((each): BatchOp => ({ op: 'set', key: each, value: bytes(n) })));
        assert.equal(await open().delete([key, `${key}x`]), 2);
        rounds++;
      }
    }
    let scans = 0;
    async function look(): Promise<void> {
      while (!over) {
        // Slow, so that much is moved between two pages.
        const seen = await names(open, 'stay:*', () => sleep(10));
        assert.deepEqual(
          stay.filter((key) => !seen.has(key)),
          [],
        );
        scans++;
      }
    }
    const work = Promise.all([...Array.from({ length: 8 }, (_, worker) => write(worker)), look(), look()]);
    work.catch(() => {
      over = true;
    });
    const slots = [...new Set([...stay, ...counters].map(slotOf))];
    const at = (shard: number, part: number) =>
      slots.filter((slot) => Math.floor((slot * SHARDS) / 16_384) === shard && slot % 5 === part);
    try {
      await tenant.move(at(0, 0), 0, 1);
      await tenant.move(at(1, 1), 1, 2);
      const grown = await tenant.grow();
      // The directory tells a little later than the shards know.
      await sleep(300);
      address = grown;
      await tenant.move(at(0, 2), 0, 3);
      await tenant.move(at(0, 0), 1, 3);
      await tenant.move(at(2, 3), 2, 3);
    } finally {
      over = true;
      await work;
    }
    assert.ok(rounds > 100 && scans > 2, `${rounds} rounds and ${scans} scans`);
    for (const [counter, sum] of sums)
      assert.equal(String((await open().get(counter))?.value ?? 0), String(sum), counter);
    for (const key of stay) assert.equal(String((await open().get(key))?.value), key);
  });
});
