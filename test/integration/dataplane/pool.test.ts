import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolOptions } from '../../../dataplane/store/pool.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { listen } from './listen.ts';
import { failsAs, timed } from './outcomes.ts';
import { startProxy } from './proxy.ts';

const value = Buffer.from('"v"');

describe('the way to a Redis', () => {
  let tenant: TenantRedis;
  before(async () => {
    tenant = await startTenantRedis('7.0');
  });
  after(() => tenant.stop());
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  const openPool = (options?: Partial<PoolOptions>): Pool => {
    const { pool } = tenant.pool(options);
    cleanups.push(() => pool.close());
    return pool;
  };
  const openProxy = async () => {
    const proxy = await startProxy(tenant.server.port);
    cleanups.push(proxy.close);
    return proxy;
  };

  test('a write whose connection breaks after it was sent is never sent again', async () => {
    const proxy = await openProxy();
    const pool = openPool();
    const store = pool.open({ ...tenant.address, port: proxy.port });
    await store.set('once', value);
    const before = await setCalls(tenant);
    proxy.cutAfterNextRequest();
    await assert.rejects(store.set('once', value, { only: 'if-absent' }), failsAs('unknown'));
    await store.get('once');
    assert.equal((await setCalls(tenant)) - before, 1);
  });

  test('a read whose connection breaks is sent once more', async () => {
    const proxy = await openProxy();
    const pool = openPool();
    const store = pool.open({ ...tenant.address, port: proxy.port });
    await store.set('read', value);
    proxy.cutAfterNextRequest();
    assert.deepEqual((await store.get('read'))?.value, value);
    assert.equal(proxy.accepted(), 2);
  });

  test('an increment or a batch of writes whose connection breaks after it was sent is never sent again', async () => {
    const proxy = await openProxy();
    const store = openPool().open({ ...tenant.address, port: proxy.port });
    await store.delete(['n']);
    let sent = 0;
    for (const ttl of [undefined, 100]) {
      await store.get('n');
      proxy.cutAfterNextRequest();
      await assert.rejects(store.increment('n', 1, ttl), failsAs('unknown'));
      sent++;
    }
    await store.get('n');
    proxy.cutAfterNextRequest();
    const before = await setCalls(tenant);
    const [set, get] = await store.batch([
      { op: 'set', key: 'once', value },
      { op: 'get', key: 'once' },
    ]);
    failsAs('unknown')(set);
    failsAs('unavailable')(get);
    assert.equal(Number((await store.get('n'))?.value), sent);
    assert.equal((await setCalls(tenant)) - before, 1);
  });

  test('a batch of reads whose connection breaks is sent once more', async () => {
    const proxy = await openProxy();
    const store = openPool().open({ ...tenant.address, port: proxy.port });
    await store.set('read', value);
    proxy.cutAfterNextRequest();
    assert.deepEqual(await store.batch([{ op: 'get', key: 'read' }]), [{ value, found: true }]);
  });

  test('a batch whose connection breaks in the middle: what was answered stands, a write after it is unknown', async () => {
    const half = createServer((socket) => {
      socket
        .on('error', () => {})
        .on('data', (data) => {
          if (/HELLO/.test(String(data))) return socket.write('%0\r\n');
          if (/PING/.test(String(data))) return socket.write('+PONG\r\n');
          return socket.end('+OK\r\n$3\r\n"v"\r\n-WRONGTYPE x\r\n:1');
        });
    });
    const port = await listen(half);
    cleanups.push(() => half.close());
    const store = openPool().open({ ...tenant.address, port });
    const [set, get, list, remove, last, read] = await store.batch([
      { op: 'set', key: 'a', value },
      { op: 'get', key: 'a' },
      { op: 'get', key: 'list' },
      { op: 'delete', key: 'a' },
      { op: 'set', key: 'b', value },
      { op: 'get', key: 'b' },
    ]);
    assert.deepEqual(
      [set, get],
      [
        { value, found: true },
        { value, found: true },
      ],
    );
    failsAs('wrong-type')(list);
    failsAs('unknown')(remove);
    failsAs('unknown')(last);
    failsAs('unavailable')(read);
  });

  test('a Redis that has forgotten who is asking: the request is refused once, and the next one signs in again', async () => {
    let connections = 0;
    let strict = false;
    const server = createServer((socket) => {
      connections++;
      socket
        .on('error', () => {})
        .on('data', (data) => {
          if (/HELLO/.test(String(data))) return socket.write('%0\r\n');
          if (/PING/.test(String(data))) return socket.write('+PONG\r\n');
          const reply = strict ? '-NOAUTH Authentication required.\r\n' : '_\r\n:-2\r\n';
          return socket.write(strict ? reply.repeat(String(data).split('*').length - 1) : reply);
        });
    });
    const port = await listen(server);
    cleanups.push(() => server.close());
    const { pool, events } = tenant.pool();
    cleanups.push(() => pool.close());
    const store = pool.open({ ...tenant.address, port });
    for (const request of [() => store.get('k'), () => store.batch([{ op: 'delete', key: 'k' }])]) {
      strict = false;
      assert.equal(await store.get('k'), null);
      strict = true;
      await assert.rejects(request(), failsAs('unavailable'));
    }
    assert.equal(connections, 2);
    assert.equal(events.filter(({ event }) => event === 'command-failed').length, 2);
  });

  test('an image that answers something else than Redis does fails that request alone', async () => {
    const odd = createServer((socket) => {
      socket
        .on('error', () => {})
        .on('data', (data) => {
          const commands = String(data).split('*').length - 1;
          socket.write(/HELLO/.test(String(data)) ? '%0\r\n' : '%1\r\n+a\r\n#t\r\n'.repeat(commands));
        });
    });
    const port = await listen(odd);
    cleanups.push(() => odd.close());
    const store = openPool().open({ ...tenant.address, port });
    const requests = [
      store.get('k'),
      store.set('k', value),
      store.set('k', value, { expiry: { seconds: 5 } }),
      store.delete(['k']),
      store.increment('k', 1),
      store.increment('k', 1, 5),
      store.increment('k', 0.5),
      store.ttl('k'),
      store.scan('*', 10),
      store.size(),
    ];
    for (const outcome of await Promise.allSettled(requests)) {
      assert.ok(outcome.status === 'rejected');
      failsAs('failed')(outcome.reason);
    }
    for (const outcome of await store.batch([
      { op: 'get', key: 'k' },
      { op: 'delete', key: 'k' },
    ]))
      failsAs('failed')(outcome);
  });

  test('a connection whose replies stop is given up, and the next request gets a new one', async () => {
    const proxy = await openProxy();
    const pool = openPool({ commandTimeoutMs: 300 });
    const store = pool.open({ ...tenant.address, port: proxy.port });
    await store.set('k', value);
    proxy.swallow = true;
    await assert.rejects(store.set('k', value), failsAs('unknown'));
    proxy.swallow = false;
    assert.deepEqual((await store.get('k'))?.value, value);
    assert.equal(proxy.accepted(), 2);
  });

  test('a reply without end is given up before it fills the memory', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(2 ** 20, 'x');
    const flood = createServer((socket) => {
      const more = () => {
        while (!socket.destroyed && sent < 200 * chunk.length && socket.write(chunk)) sent += chunk.length;
      };
      socket.on('error', () => {}).on('drain', more);
      socket.on('data', (data) => {
        if (!/\r\nGET\r\n/.test(String(data))) return socket.write('+OK\r\n');
        socket.write('$500000000\r\n');
        return more();
      });
    });
    const port = await listen(flood);
    cleanups.push(() => flood.close());
    const store = openPool().open({ ...tenant.address, port });
    await assert.rejects(store.get('k'), failsAs('unavailable'));
    assert.ok(sent < 50 * chunk.length, `${sent} bytes were taken`);
  });

  test('many large values at once are no such reply', async () => {
    const store = openPool().open(tenant.address);
    const large = Buffer.from(JSON.stringify('x'.repeat(262_000)));
    await store.set('large', large);
    const entries = await Promise.all(Array.from({ length: 200 }, () => store.get('large')));
    for (const entry of entries) assert.ok(entry?.value.equals(large));
  });

  test('an endpoint that accepts and never speaks: unavailable after the bounded wait', async () => {
    const silent = createServer(() => {});
    const port = await listen(silent);
    cleanups.push(() => silent.close());
    const pool = openPool();
    const { result, ms } = await timed(pool.open({ ...tenant.address, port }).get('k'));
    assert.equal(result.status, 'rejected');
    failsAs('unavailable')(result.reason);
    assert.ok(ms < 2500, `${ms} ms`);
  });

  test('one store that hangs does not slow another', async () => {
    const hung = await startTenantRedis('7.0');
    cleanups.push(hung.stop);
    const pool = openPool();
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
    assert.ok(slowest < 1000, `slowest of the other store: ${slowest} ms`);
  });

  test('the connection is shared, closed when idle, and made again', async () => {
    const proxy = await openProxy();
    const pool = openPool({ idleCloseMs: 200 });
    const address = { ...tenant.address, port: proxy.port };
    await Promise.all(Array.from({ length: 50 }, () => pool.open(address).set('k', value)));
    assert.equal(proxy.accepted(), 1);
    assert.equal(pool.connections(), 1);
    await sleep(500);
    assert.equal(pool.connections(), 0);
    assert.deepEqual((await pool.open(address).get('k'))?.value, value);
    assert.equal(proxy.accepted(), 2);
  });

  test('a store that is opened now is not taken for idle before it is asked', async () => {
    const pool = openPool({ idleCloseMs: 400 });
    const proxy = await openProxy();
    const address = { ...tenant.address, port: proxy.port };
    await pool.open(address).set('k', value);
    for (const pause of [250, 250, 250]) {
      await sleep(pause);
      const store = pool.open(address);
      await sleep(150);
      assert.deepEqual((await store.get('k'))?.value, value);
    }
  });

  test('another endpoint or credential generation is another connection; an equal address is not', async () => {
    const proxies = [await openProxy(), await openProxy()] as const;
    const pool = openPool();
    const first = { ...tenant.address, port: proxies[0].port };
    await pool.open(first).set('k', value);
    await pool.open({ ...first }).set('k', value);
    assert.equal(proxies[0].accepted(), 1);
    await pool.open({ ...first, port: proxies[1].port }).set('k', value);
    assert.equal(proxies[1].accepted(), 1);
    await assert.rejects(pool.open({ ...first, credentialGeneration: 2 }).get('k'), failsAs('unavailable'));
  });
});

async function setCalls(tenant: TenantRedis): Promise<number> {
  const info = await tenant.admin().info('commandstats');
  return Number(/cmdstat_set:calls=(\d+)/.exec(info)?.[1] ?? 0);
}
