import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { REDIS_PORT, SENTINEL_PORT } from '../../../contract/names.ts';
import type { Pool, PoolOptions } from '../../../dataplane/store/pool.ts';
import type { Store, StoreAddress, StoreError } from '../../../dataplane/store/port.ts';
import { Connection } from '../../../dataplane/store/resp/connection.ts';
import { startTenantReplicated, type TenantReplicated } from '../../contract/tenant-replicated.ts';
import { failsAs, timed } from './outcomes.ts';

const value = Buffer.from('"v"');

describe('a store with replicas', () => {
  let tenant: TenantReplicated;
  const pools: Pool[] = [];
  before(async () => {
    tenant = await startTenantReplicated({ version: '8.0' });
  });
  after(() => tenant.stop());
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.close();
    for (const { redis, sentinel } of tenant.members) {
      if (redis.pid() === undefined) redis.start();
      if (sentinel.pid() === undefined) sentinel.start();
    }
    await tenant.primary(2);
  });

  const open = (address: Partial<StoreAddress> = {}, options?: Partial<PoolOptions>): Store => {
    const { pool } = tenant.pool(options);
    pools.push(pool);
    return pool.open({ ...tenant.address, ...address });
  };

  /** How often a member was asked for a command. */
  async function calls(ordinal: number, command: string): Promise<number> {
    const info = String(await tenant.ask(ordinal, ['INFO', 'commandstats']));
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0);
  }

  /** Makes another member the primary as the operator does: no write is under way when they change places. */
  async function failOver(old: number): Promise<void> {
    for (const deadline = Date.now() + 60_000; ; await sleep(200)) {
      await tenant.ask(old, ['CLIENT', 'PAUSE', 20_000, 'WRITE']);
      // The replicas are to have all that was answered.
      await sleep(500);
      // A Sentinel looks at replicas every ten seconds, and knows of none that has just come back.
      const refusal = await tenant.ask(old, ['SENTINEL', 'FAILOVER', 'store'], SENTINEL_PORT).catch((error) => error);
      if (!(refusal instanceof Error)) break;
      await tenant.ask(old, ['CLIENT', 'UNPAUSE']);
      if (Date.now() > deadline) throw refusal;
    }
    const next = await tenant.primary(0, old);
    await tenant.ask(old, ['REPLICAOF', tenant.members[next]?.host ?? '', REDIS_PORT]);
    await tenant.ask(old, ['CLIENT', 'UNPAUSE']);
  }

  /** Stops the process of a member's Redis where it stands, and gives what lets it go on. */
  function freeze(ordinal: number): () => void {
    const pid = tenant.members[ordinal]?.redis.pid() ?? 0;
    process.kill(-pid, 'SIGSTOP');
    return () => process.kill(-pid, 'SIGCONT');
  }

  test('its primary is killed: what is asked meanwhile waits, and is applied once by the new one', async () => {
    const store = open();
    await store.delete(['n']);
    await store.durable?.(2).set('there', value);
    const old = await tenant.primary();
    await tenant.members[old]?.redis.kill();
    const sums = await Promise.all(Array.from({ length: 20 }, () => store.increment('n', 1)));
    assert.deepEqual(
      sums.map((sum) => Number(sum.value)).sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    assert.deepEqual((await store.get('there'))?.value, value);
    assert.notEqual(await tenant.primary(), old);
  });

  test('its primary is changed on purpose under load: nothing fails, and no increment is lost or doubled', async () => {
    const store = open();
    await store.delete(['load']);
    const old = await tenant.primary();
    let running = true;
    let sent = 0;
    const clients = Array.from({ length: 8 }, async () => {
      for (; running; sent++) await store.increment('load', 1);
    });
    await sleep(200);
    await failOver(old);
    await sleep(1000);
    running = false;
    await Promise.all(clients);
    assert.ok(sent > 100, `${sent} increments are enough to tell`);
    assert.equal(Number((await store.get('load'))?.value), sent);
  });

  test('its primary hangs: it is left for the new one before the command time-out', async () => {
    const store = open({}, { commandTimeoutMs: 60_000 });
    await store.durable?.(3).set('there', value);
    await store.get('there');
    const thaw = freeze(await tenant.primary());
    try {
      const [read, write] = [store.get('there'), timed(store.set('hung', value))];
      assert.deepEqual((await read)?.value, value);
      const { result } = await write;
      assert.ok(result.status === 'rejected');
      failsAs('unknown')(result.reason);
      assert.deepEqual(await store.set('k', value), { expiresAt: null });
      // One that is made while the primary hangs leads to the new one as well.
      assert.deepEqual((await open().get('there'))?.value, value);
    } finally {
      thaw();
    }
  });

  test('Sentinels that name a Redis which is no member are not believed', async () => {
    const old = await tenant.primary();
    const { topology } = tenant.address;
    assert.ok(topology);
    const others = topology.members.filter((_, ordinal) => ordinal !== old);
    const { pool, events } = tenant.pool({ limits: { waitMs: 500, inFlight: 10, waiting: 10 } });
    pools.push(pool);
    const store = pool.open({ ...tenant.address, topology: { ...topology, members: others } });
    await assert.rejects(store.get('k'), failsAs('unavailable'));
    await sleep(2500);
    assert.deepEqual(events, [{ event: 'connect-failed', code: 'ENOMEMBER' }]);
  });

  test('a durable write is on that many nodes when it is answered', async () => {
    const store = open();
    const all = store.durable?.(3);
    const limits = { connectTimeoutMs: 1000, commandTimeoutMs: 5000 };
    const user = { username: 'dataplane', password: tenant.password };
    const nodes = tenant.members.map(({ host }) => new Connection({ host, port: REDIS_PORT, ...user, ...limits }));
    await Promise.all(nodes.map((node) => node.connect()));
    for (let i = 0; i < 100; i++) {
      const sum = await all?.increment('everywhere', 1);
      const read = await Promise.all(nodes.map((node) => node.send(['GET', 'everywhere'])));
      assert.deepEqual(read.map(String), Array(3).fill(String(sum?.value)));
    }
    for (const node of nodes) node.close();
    const [set, get, remove] =
      (await all?.batch([
        { op: 'set', key: 'batched', value },
        { op: 'get', key: 'batched' },
        { op: 'delete', key: 'batched' },
      ])) ?? [];
    assert.deepEqual(
      [set, get, remove],
      [
        { value, found: true },
        { value, found: true },
        { value: null, found: true },
      ],
    );
  });

  test('a primary that hung and goes on beside its successor has no durable write taken for safe that is lost', async () => {
    const store = open();
    const durable = store.durable?.(2);
    const old = await tenant.primary(2);
    const done: string[] = [];
    let running = true;
    let doneBefore = 0;
    const clients = Array.from({ length: 4 }, async (_, client) => {
      for (let n = 0; running; n++) {
        const key = `hung:${client}:${n}`;
        await durable?.set(key, value).then(
          () => done.push(key),
          (error) => failsAs('unknown')(error),
        );
        await sleep(5);
      }
    });
    await sleep(300);
    const thaw = freeze(old);
    try {
      // The others are told of it later, and go on to follow the old one until then.
      await tenant.primary(0, old);
      doneBefore = done.length;
    } finally {
      thaw();
    }
    await sleep(5000);
    running = false;
    await Promise.all(clients);
    await tenant.primary(2);
    let lost = 0;
    for (const key of done) if ((await store.get(key)) === null) lost++;
    assert.equal(lost, 0, `of ${done.length}`);
    assert.ok(doneBefore > 10 && done.length - doneBefore > 50, `${doneBefore} before, and ${done.length} in all`);
  });

  test('too few nodes: a durable write is unknown after the bounded wait, and others do not wait with it', async () => {
    const store = open({}, { commandTimeoutMs: 4001, limits: { waitMs: 2000, inFlight: 100, waiting: 100 } });
    await store.set('k', value);
    const old = await tenant.primary();
    const [replica] = tenant.members.filter(({ ordinal }) => ordinal !== old);
    const thaw = freeze(replica?.ordinal ?? 0);
    try {
      const writes = Array.from({ length: 10 }, (_, i) => timed(store.durable?.(3).set(`three:${i}`, value) as never));
      const two = timed(store.durable?.(2).set('two', value) as Promise<unknown>);
      const plain = timed(store.set('plain', value));
      assert.deepEqual([(await two).result.status, (await plain).result.status], ['fulfilled', 'fulfilled']);
      const outcomes = (await Promise.all(writes)).map(({ result }) =>
        result.status === 'rejected' ? (result.reason as StoreError).failure : 'done',
      );
      // Those behind the first were not sent.
      assert.deepEqual(outcomes, ['unknown', ...Array(9).fill('unavailable')]);
    } finally {
      thaw();
    }
  });

  test('what Redis has against a durable write fails that write alone', async () => {
    const store = open();
    await store.set('text', Buffer.from('"x"'));
    const durable = store.durable?.(2);
    const [first, second, third] = await Promise.allSettled([
      durable?.increment('text', 1),
      durable?.set('text', value, { only: 'if-absent' }),
      durable?.set('other', value),
    ]);
    assert.ok(first?.status === 'rejected');
    failsAs('not-a-number')(first.reason);
    assert.ok(second?.status === 'fulfilled' && second.value === undefined);
    assert.ok(third?.status === 'fulfilled');
  });

  test('nearest reads ask one member, in step with the primary, and no other; fresh ones the primary', async () => {
    const store = open({ nearestReads: true });
    await store.durable?.(3).set('near', value);
    assert.equal(open().near, undefined);
    for (let i = 0; i < 30; i++, await sleep(100)) await store.near?.('near');
    const primary = await tenant.primary();
    const before = await Promise.all(tenant.members.map(({ ordinal }) => calls(ordinal, 'get')));
    for (let i = 0; i < 50; i++) assert.deepEqual((await store.near?.('near'))?.value, value);
    for (let i = 0; i < 50; i++) await store.batch([{ op: 'get', key: 'near' }], { recall: true });
    const asked = (await Promise.all(tenant.members.map(({ ordinal }) => calls(ordinal, 'get')))).map(
      (count, ordinal) => count - (before[ordinal] ?? 0),
    );
    assert.equal(Math.max(...asked), 100, asked.join());
    const atPrimary = await calls(primary, 'get');
    await store.get('near');
    await store.batch([{ op: 'get', key: 'near' }]);
    assert.equal((await calls(primary, 'get')) - atPrimary, 2);
  });

  test('nearest reads go on when the member that they ask is killed', async () => {
    const store = open({ nearestReads: true });
    await store.durable?.(3).set('near', value);
    for (let i = 0; i < 25; i++, await sleep(100)) await store.near?.('near');
    for (const { ordinal, redis } of tenant.members) {
      if (ordinal === (await tenant.primary())) continue;
      await redis.kill();
      assert.deepEqual((await store.near?.('near'))?.value, value);
    }
  });

  test('a nearest read under way at a member that is restarted on purpose is answered by another, and waits for none', async () => {
    const limits = { waitMs: 60_000, inFlight: 100, waiting: 100, restart: { waitMs: 60_000, waiting: 100 } };
    const store = open({ nearestReads: true, restarting: true }, { limits });
    await store.durable?.(3).set('near', value);
    for (let i = 0; i < 25; i++, await sleep(100)) await store.near?.('near');
    const primary = await tenant.primary();
    for (const { ordinal } of tenant.members) if (ordinal !== primary) freeze(ordinal);
    const read = store.near?.('near');
    await sleep(50);
    for (const { ordinal, redis } of tenant.members) if (ordinal !== primary) await redis.kill();
    const late = sleep(20_000, 'late', { ref: false });
    assert.notEqual(await Promise.race([read, late]), 'late');
  });
});
