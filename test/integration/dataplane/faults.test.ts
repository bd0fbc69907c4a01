import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LaneEvent } from '../../../dataplane/store/lane.ts';
import type { Pool } from '../../../dataplane/store/pool.ts';
import { type Store, StoreError, type StoreFailure } from '../../../dataplane/store/port.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { listen } from './listen.ts';
import { startProxy } from './proxy.ts';

const value = Buffer.from('"v"');
const failsAs = (failure: StoreFailure) => (error: unknown) => {
  assert.ok(error instanceof StoreError, `a StoreError, not ${error}`);
  assert.equal(error.failure, failure, error.message);
  return true;
};
const timed = async <T>(work: Promise<T>) => {
  const start = performance.now();
  const [result] = await Promise.allSettled([work]);
  return { result, ms: performance.now() - start };
};

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
  afterEach(() => pool.close());

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
    assert.ok(ms < 1000, `${ms} ms`);
  });

  test('killed with a read in flight: the read is answered once Redis is back', async () => {
    process.kill(await serverPid(), 'SIGSTOP');
    const read = store.get('there');
    await sleep(50);
    await tenant.server.kill();
    await tenant.server.restart();
    assert.deepEqual((await read)?.value, value);
  });

  test('restarted: requests that come meanwhile wait and succeed', async () => {
    await tenant.server.kill();
    const reads = Promise.all(Array.from({ length: 20 }, () => store.get('there')));
    const write = store.set('waited', value);
    await sleep(200);
    await tenant.server.restart();
    assert.equal((await reads).length, 20);
    assert.deepEqual(await write, { expiresAt: null });
    assert.deepEqual((await store.get('waited'))?.value, value);
  });

  test('away for good: unavailable after the bounded wait, for reads and writes alike', async () => {
    await tenant.server.kill();
    const outcomes = await Promise.all([timed(store.get('there')), timed(store.set('k', value))]);
    await tenant.server.restart();
    for (const { result, ms } of outcomes) {
      assert.equal(result.status, 'rejected');
      failsAs('unavailable')(result.reason);
      assert.ok(ms > 900 && ms < 1400, `${ms} ms`);
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
    assert.equal(outcomes.filter(({ ms }) => ms < 300).length, 15);
  });

  test('hung: a write ends after the command time-out as unknown, a read as unavailable', async () => {
    const pid = await serverPid();
    process.kill(pid, 'SIGSTOP');
    const outcomes = await Promise.all([timed(store.set('k', value)), timed(store.get('there'))]);
    process.kill(pid, 'SIGCONT');
    const [write, read] = outcomes;
    assert.ok(write && write.result.status === 'rejected');
    failsAs('unknown')(write.result.reason);
    assert.ok(write.ms > 1400 && write.ms < 2000, `${write.ms} ms`);
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
    const admin = tenant.admin();
    const pipeline = admin.pipeline();
    for (let i = 0; i < 1500; i++) pipeline.set(`bulk:${i}`, 'x');
    await pipeline.exec();
    await tenant.server.restart();
    assert.deepEqual((await store.get('there'))?.value, value);
    const flush = tenant.admin().pipeline();
    for (let i = 0; i < 1500; i++) flush.del(`bulk:${i}`);
    await flush.exec();
  });

  test('full under noeviction: full for writes; reads and deletes work', async () => {
    const admin = tenant.admin();
    await admin.config('SET', 'maxmemory', '1');
    await assert.rejects(store.set('k', value), failsAs('full'));
    assert.deepEqual((await store.get('there'))?.value, value);
    assert.equal(await store.delete('there'), true);
    await admin.config('SET', 'maxmemory', '0');
  });

  test('read-only: unavailable for writes; reads work', async () => {
    const admin = tenant.admin();
    await admin.config('SET', 'min-replicas-to-write', '1');
    await assert.rejects(store.set('k', value), failsAs('unavailable'));
    assert.deepEqual((await store.get('there'))?.value, value);
    await admin.config('SET', 'min-replicas-to-write', '0');
  });

  test('a key of another Redis type: wrong-type on reading, replaced by writing', async () => {
    await tenant.admin().del('list');
    await tenant.admin().rpush('list', 'x');
    await assert.rejects(store.get('list'), failsAs('wrong-type'));
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
    assert.ok(slowest < 3000, `${slowest} ms`);
    const admin = tenant.admin();
    for (const key of acknowledged) assert.equal(await admin.exists(key), 1, `${key} was acknowledged`);
  });
});

describe('the way to a Redis', () => {
  let tenant: TenantRedis;
  before(async () => {
    tenant = await startTenantRedis('7.0');
  });
  after(() => tenant.stop());

  test('a write whose connection breaks after it was sent is never sent again', async () => {
    const proxy = await startProxy(tenant.server.port);
    const { pool } = tenant.pool();
    const store = pool.open({ ...tenant.address, port: proxy.port });
    await store.set('once', value);
    const before = await setCalls(tenant);
    proxy.cutAfterNextRequest();
    await assert.rejects(store.set('once', value, { ifNotExists: true }), failsAs('unknown'));
    await store.get('once');
    assert.equal((await setCalls(tenant)) - before, 1);
    await pool.close();
    proxy.close();
  });

  test('a read whose connection breaks is sent once more', async () => {
    const proxy = await startProxy(tenant.server.port);
    const { pool } = tenant.pool();
    const store = pool.open({ ...tenant.address, port: proxy.port });
    await store.set('read', value);
    proxy.cutAfterNextRequest();
    assert.deepEqual((await store.get('read'))?.value, value);
    assert.equal(proxy.accepted(), 2);
    await pool.close();
    proxy.close();
  });

  test('a connection whose replies stop is given up, and the next request gets a new one', async () => {
    const proxy = await startProxy(tenant.server.port);
    const { pool } = tenant.pool({ commandTimeoutMs: 300 });
    const store = pool.open({ ...tenant.address, port: proxy.port });
    await store.set('k', value);
    proxy.swallow = true;
    await assert.rejects(store.set('k', value), failsAs('unknown'));
    proxy.swallow = false;
    const { ms } = await timed(store.get('k'));
    assert.ok(ms < 300, `${ms} ms`);
    assert.equal(proxy.accepted(), 2);
    await pool.close();
    proxy.close();
  });

  test('an endpoint that accepts and never speaks: unavailable after the bounded wait', async () => {
    const silent = createServer(() => {});
    const port = await listen(silent);
    const { pool } = tenant.pool();
    const { result, ms } = await timed(pool.open({ ...tenant.address, port }).get('k'));
    assert.equal(result.status, 'rejected');
    failsAs('unavailable')(result.reason);
    assert.ok(ms < 1400, `${ms} ms`);
    await pool.close();
    silent.close();
  });

  test('one store that hangs does not slow another', async () => {
    const hung = await startTenantRedis('7.0');
    const { pool } = tenant.pool();
    const dead = pool.open(hung.address);
    const alive = pool.open(tenant.address);
    await dead.set('k', value);
    await alive.set('k', value);
    const pid = Number(/process_id:(\d+)/.exec(await hung.admin().info('server'))?.[1]);
    process.kill(pid, 'SIGSTOP');
    const stuck = Array.from({ length: 2000 }, () => timed(dead.get('k')));
    let slowest = 0;
    for (let i = 0; i < 200; i++) slowest = Math.max(slowest, (await timed(alive.get('k'))).ms);
    process.kill(pid, 'SIGCONT');
    await Promise.all(stuck);
    assert.ok(slowest < 100, `slowest of the other store: ${slowest} ms`);
    await pool.close();
    await hung.stop();
  });

  test('the connection is shared, closed when idle, and made again', async () => {
    const proxy = await startProxy(tenant.server.port);
    const { pool } = tenant.pool({ idleCloseMs: 200 });
    const address = { ...tenant.address, port: proxy.port };
    await Promise.all(Array.from({ length: 50 }, () => pool.open(address).set('k', value)));
    assert.equal(proxy.accepted(), 1);
    assert.equal(pool.connections(), 1);
    await sleep(500);
    assert.equal(pool.connections(), 0);
    assert.deepEqual((await pool.open(address).get('k'))?.value, value);
    assert.equal(proxy.accepted(), 2);
    await pool.close();
    proxy.close();
  });

  test('another endpoint or credential generation is another connection; an equal address is not', async () => {
    const proxies = [await startProxy(tenant.server.port), await startProxy(tenant.server.port)] as const;
    const { pool } = tenant.pool();
    const first = { ...tenant.address, port: proxies[0].port };
    await pool.open(first).set('k', value);
    await pool.open({ ...first }).set('k', value);
    assert.equal(proxies[0].accepted(), 1);
    await pool.open({ ...first, port: proxies[1].port }).set('k', value);
    assert.equal(proxies[1].accepted(), 1);
    await assert.rejects(pool.open({ ...first, credentialGeneration: 2 }).get('k'), failsAs('unavailable'));
    await pool.close();
    for (const proxy of proxies) proxy.close();
  });
});

async function setCalls(tenant: TenantRedis): Promise<number> {
  const info = await tenant.admin().info('commandstats');
  return Number(/cmdstat_set:calls=(\d+)/.exec(info)?.[1] ?? 0);
}
