import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreError } from '../../../dataplane/store/port.ts';
import { startFaultyRedis, value } from './faulty-redis.ts';
import { failsAs, timed } from './outcomes.ts';

const { tenant, opened, reopen, patient, serverPid } = await startFaultyRedis();

describe('a Redis that fails', () => {
  test('killed with a write in flight: outcome unknown, at once and not after the command time-out', async () => {
    const { store } = opened();
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
    const store = await patient();
    process.kill(await serverPid(), 'SIGSTOP');
    const read = store.get('there');
    await sleep(50);
    await tenant.server.kill();
    await tenant.server.restart();
    assert.deepEqual((await read)?.value, value);
  });

  test('restarted: requests that come meanwhile wait and succeed', async () => {
    const store = await patient();
    await tenant.server.kill();
    const reads = Promise.all(Array.from({ length: 20 }, () => store.get('there')));
    const write = store.set('waited', value);
    await sleep(200);
    await tenant.server.restart();
    assert.equal((await reads).length, 20);
    assert.deepEqual(await write, { expiresAt: null });
    assert.deepEqual((await store.get('waited'))?.value, value);
  });

  test('restarted on purpose: waited for longer than one that is away', async () => {
    const limits = { waitMs: 100, inFlight: 1024, waiting: 256, restart: { waitMs: 15_000, waiting: 256 } };
    const { pool } = await reopen({ limits });
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
    const { store, events } = opened();
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
    const { store } = await reopen({ limits: { waitMs: 1000, inFlight: 1024, waiting: 5 } });
    await tenant.server.kill();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => timed(store.get('there'))));
    await tenant.server.restart();
    assert.equal(outcomes.filter(({ ms }) => ms < 700).length, 15);
  });

  test('hung: a write ends after the command time-out as unknown, a read as unavailable', async () => {
    const { store } = opened();
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
    const { store } = opened();
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
    const store = await patient();
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

  test('killed over and over under load: every acknowledged write is there, every request ends in time', async () => {
    const { store } = opened();
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
