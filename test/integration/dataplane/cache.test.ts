import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCache } from '../../../dataplane/cache/cache.ts';
import type { Store, StoreAddress } from '../../../dataplane/store/port.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { eventually } from '../eventually.ts';
import { type Replica, read, textOf, value } from './cached-reads.ts';
import { startProxy } from './proxy.ts';

for (const version of ['7.0', '8.0'] as const) {
  describe(`reads from memory, redis ${version}`, () => {
    let tenant: TenantRedis;
    before(async () => {
      tenant = await startTenantRedis(version, ['--enable-debug-command', 'yes']);
    });
    after(() => tenant.stop());
    const cleanups: (() => unknown)[] = [];
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });

    function start(address: Partial<StoreAddress> = {}, options: Parameters<TenantRedis['pool']>[0] = {}): Replica {
      const cache = createCache({ bytes: 2 ** 22 });
      const { pool } = tenant.pool({ hooks: cache.hooks, ...options });
      cleanups.push(() => pool.close());
      return { pool, cache, store: pool.open({ ...tenant.address, cachedReads: true, ...address }) };
    }

    /** Reads a key, so that memory knows it. */
    async function learn({ store }: Replica, key: string, expected: string | null): Promise<void> {
      assert.equal(textOf(await store.get(key)), expected);
      assert.equal(textOf(store.recall?.(key)), expected);
    }

    const commands = async () => {
      const info = await tenant.admin().info('commandstats');
      return Number(/cmdstat_get:calls=(\d+)/.exec(info)?.[1] ?? 0);
    };

    test('what was read once is given without asking Redis, and without a promise', async () => {
      const replica = start();
      await replica.store.set('hot', value(1));
      await learn(replica, 'hot', '1');
      const before = await commands();
      for (let i = 0; i < 1000; i++) assert.equal(textOf(replica.store.recall?.('hot')), '1');
      assert.equal(await commands(), before);
      assert.ok(replica.cache.figures().hits >= 1000);
    });

    test('a store with reads: primary keeps nothing and is not tracked', async () => {
      const { store, cache } = start({ cachedReads: false });
      await store.set('plain', value(1));
      await store.get('plain');
      assert.equal(store.recall, undefined);
      assert.equal(cache.figures().bytes, 0);
    });

    test('another replica, a native client, expiry, eviction and a flush: what they change is not given', async () => {
      const [one, other] = [start(), start()];
      const admin = tenant.admin();
      const changes: [string, () => Promise<unknown>, string | null][] = [
        ['another replica', () => other.store.set('k', value('other')), 'other'],
        ['another number', () => other.store.set('k', value(1)), '1'],
        ['an increment', () => other.store.increment('k', 2), '3'],
        ['its delete', () => other.store.delete(['k']), null],
        ['a native set', () => admin.set('k', 'native'), 'native'],
        ['a native append', () => admin.append('k', '!'), 'native!'],
        ['a native rename', () => admin.multi().set('from', 'renamed').rename('from', 'k').exec(), 'renamed'],
        ['a native expire', () => admin.pexpire('k', 1), null],
        ['a transaction', () => admin.multi().set('k', 'x').set('k', 'multi').exec(), 'multi'],
        ['a script', () => admin.eval("return redis.call('SET', KEYS[1], 'script')", 1, 'k'), 'script'],
        ['a flush', () => admin.flushall(), null],
        ['what was not there', () => admin.set('k', 'there'), 'there'],
        ['a move to another database', () => admin.move('k', 1), null],
        [
          'a copy from there',
          () => admin.eval("redis.call('SELECT', 1) redis.call('COPY', 'k', 'k', 'DB', 0)", 0),
          'there',
        ],
        ['a flush of the database', () => admin.flushdb(), null],
      ];
      let now: string | null = null;
      for (const [what, change, expected] of changes) {
        await learn(one, 'k', now);
        await change();
        await eventually(`${what}: memory still knows ${now}`, 1000, () => one.store.recall?.('k') === undefined);
        if (expected === null) await sleep(2);
        assert.equal(await read(one.store, 'k'), expected, what);
        now = expected;
      }
    });

    test('what Redis evicts for lack of memory is not given', async () => {
      const replica = start();
      const admin = tenant.admin();
      await replica.store.set('evicted', value(1));
      await learn(replica, 'evicted', '1');
      await admin.config('SET', 'maxmemory-policy', 'allkeys-random');
      await admin.config('SET', 'maxmemory', '1');
      await admin.set('other', 'x').catch(() => {});
      await eventually(
        'memory still knows what was evicted',
        1000,
        () => replica.store.recall?.('evicted') === undefined,
      );
      await admin.config('SET', 'maxmemory', '0');
      await admin.config('SET', 'maxmemory-policy', 'noeviction');
    });

    test('nothing is given past its expiry, to the millisecond, while Redis has not removed it', async () => {
      const replica = start();
      const admin = tenant.admin();
      // Redis removes what has expired only when it is asked for.
      await admin.call('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
      let seen = 0;
      let early = 0;
      for (let i = 0; seen < 20; i++) {
        assert.ok(i < 200, `of ${i} keys ${seen} were read within their 60 ms`);
        const { expiresAt } = (await replica.store.set('brief', value(i), { expiry: { milliseconds: 60 } })) ?? {};
        const first = await replica.store.get('brief');
        if (first === null && Date.now() >= Number(expiresAt)) continue;
        seen++;
        assert.equal(first?.expiresAt, expiresAt, 'the time that is told is Redis’ own');
        for (;;) {
          // Redis runs on this machine, by the same clock. Looked at first: what comes in between must not count as late.
          const now = Date.now();
          if (replica.store.recall?.('brief') === undefined) {
            if (now < Number(expiresAt) - 10) early++;
            break;
          }
          assert.ok(now <= Number(expiresAt), `given ${now - Number(expiresAt)} ms after it expired`);
          await sleep(0);
        }
        await eventually('time stands still', 1000, () => Date.now() > Number(expiresAt));
        assert.equal(await read(replica.store, 'brief'), null);
      }
      // Where Redis is not heard in time, as on a busy machine, memory is not trusted for a while.
      assert.ok(early < seen / 2, `of ${seen} keys ${early} were given up early`);
      await admin.call('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
    });

    test('a client always sees its own write, whoever reads and writes at the same time', async () => {
      // In pieces, so that Redis' answer to a write and its word that the key was written come apart.
      const proxy = await startProxy(tenant.server.port);
      cleanups.push(proxy.close);
      proxy.pieces = 5;
      const [one, other] = [start({ port: proxy.port }), start()];
      let wrong = 0;
      let hits = 0;
      const noise = async (store: Store, key: string, isOver: () => boolean) => {
        while (!isOver()) {
          await read(store, key);
          await sleep(0);
        }
      };
      const client = async (id: number) => {
        const key = `own:${id}`;
        let over = false;
        const readers = [one, one, other].map(({ store }) => noise(store, key, () => over));
        for (let i = 0; i < 100; i++) {
          const text = `${id}:${i}`;
          if (i % 3 === 0) await one.store.delete([key]);
          if (i % 3 === 1) await one.store.batch([{ op: 'set', key, value: value(text) }]);
          else await one.store.set(key, value(text));
          for (let j = 0; j < 3; j++) {
            const known = one.store.recall?.(key);
            if (known !== undefined) hits++;
            const seen = textOf(known === undefined ? await one.store.get(key) : known);
            if (seen !== text) wrong++;
          }
        }
        over = true;
        await Promise.all(readers);
      };
      await Promise.all(Array.from({ length: 4 }, (_, id) => client(id)));
      assert.equal(wrong, 0);
      assert.ok(hits > 100, `memory answered only ${hits} times`);
    });

    test('no value survives a connection that breaks, even where nobody notices the write meanwhile', async () => {
      const proxy = await startProxy(tenant.server.port);
      cleanups.push(proxy.close);
      const replica = start({ port: proxy.port });
      const admin = tenant.admin();
      for (let i = 0; i < 20; i++) {
        await admin.set('cut', `before ${i}`);
        await learnEventually(replica, 'cut', `before ${i}`);
        proxy.cutAfterNextRequest();
        // A read of another key breaks the connection; it is answered over a new one.
        const broken = replica.store.get('elsewhere');
        await admin.set('cut', `after ${i}`);
        await broken;
        assert.equal(await read(replica.store, 'cut'), `after ${i}`);
      }
    });

    test('a route that goes silent is given a second and no more', async () => {
      const proxy = await startProxy(tenant.server.port);
      cleanups.push(proxy.close);
      const replica = start({ port: proxy.port });
      const admin = tenant.admin();
      await admin.set('silent', 'before');
      await learnEventually(replica, 'silent', 'before');
      proxy.swallow = true;
      await admin.set('silent', 'after');
      const since = performance.now();
      while (replica.store.recall?.('silent') !== undefined) await sleep(1);
      const stale = performance.now() - since;
      assert.ok(stale > 100 && stale <= 1050, `given for ${stale} ms`);
      proxy.swallow = false;
    });

    test('no value survives a restart of Redis', async () => {
      const replica = start();
      const admin = tenant.admin();
      for (let i = 0; i < 3; i++) {
        await replica.store.set('restart', value(`kept ${i}`));
        await learnEventually(replica, 'restart', `kept ${i}`);
        await tenant.server.restart();
        await eventually(
          'memory still knows what Redis lost',
          1000,
          () => replica.store.recall?.('restart') === undefined,
        );
        assert.equal(await read(replica.store, 'restart'), null, 'this Redis saves nothing');
        await eventually('the other client is back', 1000, () => admin.status === 'ready');
        await admin.set('restart', 'new');
        assert.equal(textOf(await replica.store.get('restart')), 'new');
      }
    });

    test('switched on and off while requests run: none fails, none is stale, and it takes effect', async () => {
      const cache = createCache({ bytes: 2 ** 22 });
      const { pool } = tenant.pool({
        hooks: cache.hooks,
        limits: { waitMs: 100, inFlight: 1024, waiting: 256 },
        commandTimeoutMs: 200,
      });
      cleanups.push(() => pool.close());
      let address: StoreAddress = { ...tenant.address };
      let over = false;
      let requests = 0;
      const client = async (id: number) => {
        for (let i = 0; !over; i++, requests++) {
          await pool.open(address).set(`switch:${id}`, value(i));
          assert.equal(await read(pool.open(address), `switch:${id}`), String(i));
        }
      };
      const clients = Promise.all(Array.from({ length: 8 }, (_, id) => client(id)));
      for (let i = 0; i < 8; i++) {
        await sleep(i % 3 === 0 ? 20 : 400);
        address = { ...address, cachedReads: i % 2 === 0 };
      }
      over = true;
      await clients;
      assert.ok(requests > 500, `${requests} requests are enough to tell`);
      address = { ...address, cachedReads: true };
      const store = pool.open(address);
      await store.set('on', value(1));
      await sleep(400);
      await store.get('on');
      assert.equal(textOf(store.recall?.('on')), '1');
      address = { ...address, cachedReads: false };
      assert.equal(pool.open(address).recall, undefined);
    });

    test('a batch of reads is answered from memory as far as it knows, and one with a write is not', async () => {
      const replica = start();
      await replica.store.set('b1', value(1));
      await replica.store.set('b2', value(2));
      await learn(replica, 'b1', '1');
      const before = await commands();
      const ops = [
        { op: 'get' as const, key: 'b1' },
        { op: 'get' as const, key: 'b2' },
        { op: 'get' as const, key: 'b1' },
      ];
      const expected = [1, 2, 1].map((n) => ({ value: value(n), found: true }));
      assert.deepEqual(await replica.store.batch(ops, { recall: true }), expected);
      assert.equal((await commands()) - before, 1);
      assert.deepEqual(await replica.store.batch(ops), expected);
      assert.equal((await commands()) - before, 4);
      await replica.store.batch([...ops, { op: 'set', key: 'b1', value: value(3) }], { recall: true });
      assert.equal((await commands()) - before, 7);
      assert.equal(await read(replica.store, 'b1'), '3');
    });
  });
}

/** The same where an earlier connection of the key may still be on its way out. */
async function learnEventually({ store }: Replica, key: string, expected: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    await store.get(key).catch(() => {});
    if (textOf(store.recall?.(key)) === expected) return;
    await sleep(5);
  }
  assert.fail(`memory does not come to know ${expected}`);
}
