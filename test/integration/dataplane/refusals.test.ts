import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultyRedis, value } from './faulty-redis.ts';
import { failsAs, timed } from './outcomes.ts';

const { tenant, opened, reopen, patient, serverPid } = await startFaultyRedis();

describe('a Redis that refuses', () => {
  test('told to take no writes before it ends: writes wait, and the outcome of none is unknown', async () => {
    const store = await patient();
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
    const store = await patient();
    await tenant.admin().config('SET', 'min-replicas-to-write', '1');
    const counts = Promise.all(Array.from({ length: 20 }, () => store.increment('counted', 1)));
    await sleep(150);
    assert.deepEqual((await store.get('there'))?.value, value, 'reads go on');
    await tenant.admin().config('SET', 'min-replicas-to-write', '0');
    await counts;
    assert.equal(await tenant.admin().get('counted'), '20');
    assert.equal(await tenant.admin().exists('probe'), 0);
  });

  test('full under noeviction: full for writes; reads and deletes work', async () => {
    const { store } = opened();
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
    const { store } = opened();
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
    const store = await patient();
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
    const store = await patient();
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
    const { store } = opened();
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
    const { store, events } = await reopen({ password: () => 'a-wrong-password' });
    await assert.rejects(store.get('there'), failsAs('unavailable'));
    assert.deepEqual(events, [{ event: 'connect-failed', code: 'WRONGPASS' }]);
  });

  test('a permission taken away: unavailable, and the report names the refusal', async () => {
    const { store, events } = opened();
    const admin = tenant.admin();
    await admin.call('ACL', 'SETUSER', 'dataplane', '-set');
    await assert.rejects(store.set('k', value), failsAs('unavailable'));
    await admin.call('ACL', 'SETUSER', 'dataplane', '+set');
    assert.ok(events.some((event) => event.event === 'command-failed' && event.code === 'NOPERM'));
    assert.deepEqual(await store.set('k', value), { expiresAt: null });
  });
});
