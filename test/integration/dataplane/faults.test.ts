import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LaneEvent } from '../../../dataplane/store/lane.ts';
import type { Pool } from '../../../dataplane/store/pool.ts';
import type { Store, StoreError } from '../../../dataplane/store/port.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { failsAs, timed } from './outcomes.ts';

const value = Buffer.from('"v"');

describe('a Redis that fails', () => {
  let tenant: TenantRedis;
  let pool: Pool;
  let events: LaneEvent[];
  let store: Store;

  before(async () => {
    tenant = await startTenantRedis('8.0', ['--appendonly', 'yes', '--key-load-delay', '400']);
  });
  after(() => tenant.stop());
  beforeEach(async () => {
    ({ pool, events } = tenant.pool());
    store = pool.open(tenant.address);
    await store.set('there', value);
  });
  afterEach(async () => {
    // A test that failed half-way may have left the server stopped, or suspended, which SIGKILL ends as well.
    await pool.close();
    if (await isAnswering()) return;
    await tenant.server.kill();
    await tenant.server.restart();
  });

  async function isAnswering(): Promise<boolean> {
    const timeout = sleep(5000, false, { ref: false });
    return Promise.race([
      tenant
        .admin()
        .ping()
        .then(
          () => true,
          () => false,
        ),
      timeout,
    ]);
  }

  /** Longer than any restart takes on a machine that has other things to do. */
  async function patient(): Promise<void> {
    await pool.close();
    ({ pool } = tenant.pool({ limits: { waitMs: 15_000, inFlight: 1024, waiting: 256 } }));
    store = pool.open(tenant.address);
  }

  /** The process id of the server, to stop and continue it. */
  async function serverPid(): Promise<number> {
    const info = await tenant.admin().info('server');
    return Number(/process_id:(\d+)/.exec(info)?.[1]);
  }

  test('killed with a write in flight: outcome unknown, at once and not after the command time-out', async () => {
    process.kill(await serverPid(), 'SIGSTOP');
    const write = timed(store.set('k', value));
    await sleep(100);
    await tenant.server.kill();
    const { result, ms } = await write;
    await tenant.server.restart();
    assert.equal(result.status, 'rejected');
    failsAs('unknown')(result.reason);
    assert.ok(ms < 1400, `${ms} ms`);
  });

  test('killed with a read in flight: the read is answered once Redis is back', async () => {
    await patient();
    process.kill(await serverPid(), 'SIGSTOP');
    const read = store.get('there');
    await sleep(50);
    await tenant.server.kill();
    await tenant.server.restart();
    assert.deepEqual((await read)?.value, value);
  });

  test('restarted: requests that come meanwhile wait and succeed', async () => {
    await patient();
    await tenant.server.kill();
    const reads = Promise.all(Array.from({ length: 20 }, () => store.get('there')));
    const write = store.set('waited', value);
    await sleep(200);
    await tenant.server.restart();
    assert.equal((await reads).length, 20);
    assert.deepEqual(await write, { expiresAt: null });
    assert.deepEqual((await store.get('waited'))?.value, value);
  });

  test('told to take no writes before it ends: writes wait, and the outcome of none is unknown', async () => {
    await patient();
    await store.get('there');
    await tenant.admin().config('SET', 'min-replicas-to-write', '1');
    const writes = Promise.all(Array.from({ length: 20 }, (_, i) => store.set(`held-${i}`, value)));
    await sleep(150);
    process.kill(await serverPid(), 'SIGSTOP'); // whatever is sent from now on is lost
    const more = Promise.all(Array.from({ length: 20 }, (_, i) => store.set(`later-${i}`, value)));
    await sleep(150);
    await tenant.server.kill();
    await tenant.server.restart();
    assert.equal((await writes).length + (await more).length, 40);
    assert.deepEqual((await store.get('later-19'))?.value, value);
  });

  test('takes writes again after it had refused them: those that waited are made, once', async () => {
    await patient();
    await tenant.admin().config('SET', 'min-replicas-to-write', '1');
    const counts = Promise.all(Array.from({ length: 20 }, () => store.increment('counted', 1)));
    await sleep(150);
    assert.deepEqual((await store.get('there'))?.value, value, 'reads go on');
    await tenant.admin().config('SET', 'min-replicas-to-write', '0');
    await counts;
    assert.equal(await tenant.admin().get('counted'), '20');
    assert.equal(await tenant.admin().exists('probe'), 0);
  });

  test('restarted on purpose: waited for longer than one that is away', async () => {
    await pool.close();
    const limits = { waitMs: 100, inFlight: 1024, waiting: 256, restart: { waitMs: 15_000, waiting: 256 } };
    ({ pool } = tenant.pool({ limits }));
    await pool.open(tenant.address).get('there');
    await tenant.server.kill();
    await assert.rejects(pool.open(tenant.address).get('there'), failsAs('unavailable'));
    const awaited = pool.open({ ...tenant.address, restarting: true }).get('there');
    await sleep(500);
    await tenant.server.restart();
    assert.deepEqual((await awaited)?.value, value);
    await tenant.server.kill();
    await assert.rejects(pool.open(tenant.address).get('there'), failsAs('unavailable'));
    await tenant.server.restart();
  });

  test('away for good: unavailable after the bounded wait, for reads and writes alike', async () => {
    await tenant.server.kill();
    const outcomes = await Promise.all([timed(store.get('there')), timed(store.set('k', value))]);
    await tenant.server.restart();
    for (const { result, ms } of outcomes) {
      assert.equal(result.status, 'rejected');
      failsAs('unavailable')(result.reason);
      assert.ok(ms > 900 && ms < 2500, `${ms} ms`);
    }
    assert.equal(
      events.filter((event) => event.event === 'connect-failed').length,
      1,
      'reported once, not per attempt',
    );
  });

  test('away: more than the bound of waiters are turned away at once', async () => {
    await pool.close();
    ({ pool } = tenant.pool({ limits: { waitMs: 1000, inFlight: 1024, waiting: 5 } }));
    store = pool.open(tenant.address);
    await tenant.server.kill();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => timed(store.get('there'))));
    await tenant.server.restart();
    assert.equal(outcomes.filter(({ ms }) => ms < 700).length, 15);
  });

  test('hung: a write ends after the command time-out as unknown, a read as unavailable', async () => {
    const pid = await serverPid();
    process.kill(pid, 'SIGSTOP');
    const outcomes = await Promise.all([timed(store.set('k', value)), timed(store.get('there'))]);
    process.kill(pid, 'SIGCONT');
    const [write, read] = outcomes;
    assert.ok(write && write.result.status === 'rejected');
    failsAs('unknown')(write.result.reason);
    assert.ok(write.ms > 1400 && write.ms < 3000, `${write.ms} ms`);
    assert.ok(read && read.result.status === 'rejected');
    failsAs('unavailable')(read.result.reason);
    assert.deepEqual((await store.get('there'))?.value, value, 'afterwards it answers again');
  });

  test('hung: what was not yet sent fails as unavailable, so that it can be repeated', async () => {
    const pid = await serverPid();
    process.kill(pid, 'SIGSTOP');
    const first = timed(store.set('first', value));
    await sleep(700);
    // Behind the pipeline that hangs; it is sent on no connection before its wait is over.
    const second = timed(store.set('second', value));
    const { result } = await second;
    await first;
    process.kill(pid, 'SIGCONT');
    assert.equal(result.status, 'rejected');
    failsAs('unavailable')(result.reason);
    assert.equal(await tenant.admin().exists('second'), 0);
  });

  test('loading its data: requests wait until it is loaded', async () => {
    await patient();
    const admin = tenant.admin();
    const pipeline = admin.pipeline();
    for (let i = 0; i < 1500; i++) pipeline.set(`bulk:${i}`, 'x');
    await pipeline.exec();
    await tenant.server.restart();
    const [counted, [batched]] = await Promise.all([
      store.increment('n', 1, 100),
      store.batch([{ op: 'set', key: 'batched', value }]),
    ]);
    assert.deepEqual([String(counted.value), batched], ['1', { value, found: true }]);
    assert.deepEqual((await store.get('there'))?.value, value);
    await store.delete(['n']);
    const flush = tenant.admin().pipeline();
    for (let i = 0; i < 1500; i++) flush.del(`bulk:${i}`);
    await flush.exec();
  });

  test('full under noeviction: full for writes; reads and deletes work', async () => {
    const admin = tenant.admin();
    await admin.config('SET', 'maxmemory', '1');
    await assert.rejects(store.set('k', value), failsAs('full'));
    assert.deepEqual((await store.get('there'))?.value, value);
    await assert.rejects(store.increment('n', 1), failsAs('full'));
    await assert.rejects(store.increment('n', 1, 10), failsAs('full'));
    await assert.rejects(store.increment('n', 0.5), failsAs('full'));
    const [get, set, remove] = await store.batch([
      { op: 'get', key: 'there' },
      { op: 'set', key: 'k', value },
      { op: 'delete', key: 'there' },
    ]);
    assert.deepEqual(get, { value, found: true });
    failsAs('full')(set);
    assert.deepEqual(remove, { value: null, found: true });
    assert.equal(await store.delete(['there']), 0);
    await admin.config('SET', 'maxmemory', '0');
    assert.equal(await store.get('n'), null);
  });

  test('too few replicas: writes wait for them as long as for a restart; reads work', async () => {
    const admin = tenant.admin();
    await admin.config('SET', 'min-replicas-to-write', '1');
    const { result, ms } = await timed(store.set('k', value));
    assert.equal(result.status, 'rejected');
    failsAs('unavailable')(result.reason);
    assert.match(String(result.reason), /too few of its replicas/);
    assert.ok(ms > 900, `${ms} ms`);
    await assert.rejects(store.increment('n', 1, 10), failsAs('unavailable'));
    assert.deepEqual((await store.get('there'))?.value, value);
    const [set, get] = await store.batch([
      { op: 'set', key: 'k', value },
      { op: 'get', key: 'there' },
    ]);
    failsAs('unavailable')(set);
    assert.deepEqual(get, { value, found: true });
    await admin.config('SET', 'min-replicas-to-write', '0');
  });

  test('writes that are refused for a while are applied once, when Redis takes them again', async () => {
    await patient();
    const admin = tenant.admin();
    await admin.del('count');
    const refusing = [
      {
        begin: () => admin.config('SET', 'min-replicas-to-write', '1'),
        end: () => admin.config('SET', 'min-replicas-to-write', '0'),
      },
      { begin: () => admin.replicaof('127.0.0.1', 1), end: () => admin.call('REPLICAOF', 'NO', 'ONE') },
    ];
    for (const { begin, end } of refusing) {
      await store.get('there');
      await begin();
      const writes = Promise.all([
        ...Array.from({ length: 20 }, () => store.increment('count', 1)),
        store.increment('count', 1, 100),
        store.set('held', value, { expiry: { seconds: 100 } }),
        store.delete(['nothing']),
        store.batch([
          { op: 'set', key: 'held2', value },
          { op: 'get', key: 'held2' },
        ]),
      ]);
      await sleep(300);
      assert.equal(await admin.exists('held', 'held2'), 0, 'nothing is written meanwhile');
      await end();
      assert.deepEqual((await writes).at(-1), [
        { value, found: true },
        { value, found: true },
      ]);
      await store.delete(['held', 'held2']);
    }
    assert.equal(String((await store.get('count'))?.value), '42');
    await store.delete(['count']);
  });

  test('a Redis that has become a replica is asked nothing more, and what it has in flight is answered', async () => {
    await patient();
    const admin = tenant.admin();
    await store.get('there');
    await admin.replicaof('127.0.0.1', 1);
    const clientOf = async () => /id=(\d+) .*name=cubby-dataplane/.exec(String(await admin.client('LIST')))?.[1];
    const before = await clientOf();
    const [write, ...reads] = [store.set('k', value), store.get('there'), store.get('there')];
    for (const read of reads) assert.deepEqual(((await read) as { value: Buffer }).value, value);
    await sleep(200);
    assert.notEqual(await clientOf(), before);
    await admin.call('REPLICAOF', 'NO', 'ONE');
    await write;
  });

  test('a key of another Redis type: wrong-type on reading, replaced by writing', async () => {
    await tenant.admin().del('list');
    await tenant.admin().rpush('list', 'x');
    await assert.rejects(store.get('list'), failsAs('wrong-type'));
    for (const ttl of [undefined, 10])
      for (const delta of [1, 0.5]) await assert.rejects(store.increment('list', delta, ttl), failsAs('wrong-type'));
    const [list, there] = await store.batch([
      { op: 'get', key: 'list' },
      { op: 'get', key: 'there' },
    ]);
    failsAs('wrong-type')(list);
    assert.deepEqual(there, { value, found: true });
    await store.set('list', value);
    assert.deepEqual((await store.get('list'))?.value, value);
  });

  test('other credentials: unavailable, and the report names the refusal and no secret', async () => {
    await pool.close();
    ({ pool, events } = tenant.pool({ password: () => 'a-wrong-password' }));
    await assert.rejects(pool.open(tenant.address).get('there'), failsAs('unavailable'));
    assert.deepEqual(events, [{ event: 'connect-failed', code: 'WRONGPASS' }]);
  });

  test('a permission taken away: unavailable, and the report names the refusal', async () => {
    const admin = tenant.admin();
    await admin.call('ACL', 'SETUSER', 'dataplane', '-set');
    await assert.rejects(store.set('k', value), failsAs('unavailable'));
    await admin.call('ACL', 'SETUSER', 'dataplane', '+set');
    assert.ok(events.some((event) => event.event === 'command-failed' && event.code === 'NOPERM'));
    assert.deepEqual(await store.set('k', value), { expiresAt: null });
  });

  test('killed over and over under load: every acknowledged write is there, every request ends in time', async () => {
    const acknowledged = new Set<string>();
    let slowest = 0;
    let running = true;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 0; running; i++) {
        const key = `load:${writer}:${i}`;
        const { result, ms } = await timed(store.set(key, value));
        slowest = Math.max(slowest, ms);
        if (result.status === 'fulfilled') acknowledged.add(key);
        else assert.ok(['unknown', 'unavailable'].includes((result.reason as StoreError).failure));
      }
    });
    for (let kills = 0; kills < 4; kills++) {
      await sleep(250);
      await tenant.server.kill();
      await tenant.server.restart();
    }
    running = false;
    await Promise.all(writers);
    assert.ok(acknowledged.size > 200, `${acknowledged.size} writes are enough to tell`);
    assert.ok(slowest < 6000, `${slowest} ms`);
    const admin = tenant.admin();
    for (const key of acknowledged) assert.equal(await admin.exists(key), 1, `${key} was acknowledged`);
  });
});
