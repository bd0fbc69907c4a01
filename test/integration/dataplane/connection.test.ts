import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, type ConnectionOptions } from '../../../dataplane/store/resp/connection.ts';
import { encode } from '../../../dataplane/store/resp/encode.ts';
import { LostError, type Reply, ReplyError, UnsentError } from '../../../dataplane/store/resp/reply.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { listen } from './listen.ts';
import { timed } from './outcomes.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function make(options: Partial<ConnectionOptions> & { port: number }): Connection {
  const connection = new Connection({
    host: '127.0.0.1',
    username: 'dataplane',
    password: 'any',
    connectTimeoutMs: 500,
    commandTimeoutMs: 400,
    ...options,
  });
  cleanups.push(() => connection.close());
  return connection;
}

/** A server that greets as Redis does, and then leaves the talking to the test. */
async function startScripted(options: Partial<ConnectionOptions> = {}) {
  const heard: string[] = [];
  let peer: Socket | undefined;
  const server = createServer((socket) => {
    peer = socket.on('error', () => {});
    socket.once('data', () => {
      socket.write('%1\r\n+server\r\n+redis\r\n');
      socket.on('data', (data) => heard.push(String(data)));
    });
  });
  const port = await listen(server);
  const connection = make({ port, ...options });
  await connection.connect();
  cleanups.push(() => {
    peer?.destroy();
    server.close();
  });
  return { connection, heard, say: (text: string | Buffer) => peer?.write(text), peer: peer as unknown as Socket };
}

describe('a connection', () => {
  test('all commands of one turn go out in one write, and their replies come in order', async () => {
    const { connection, heard, say } = await startScripted();
    const replies = Promise.all([connection.send(['GET', 'a']), connection.send(['GET', 'ключ'])]);
    await sleep(20);
    assert.deepEqual(heard, ['*2\r\n$3\r\nGET\r\n$1\r\na\r\n*2\r\n$3\r\nGET\r\n$8\r\nключ\r\n']);
    say('+first\r\n+second\r\n');
    assert.deepEqual(await replies, ['first', 'second']);
  });

  test('push messages come in order with the replies around them', async () => {
    const order: unknown[] = [];
    const hooks = { push: (message: readonly Reply[]) => order.push(message.map(String)) };
    const { connection, say } = await startScripted({ hooks });
    for (const key of ['a', 'b']) {
      const received = (reply: Reply) => order.push(reply) > 0;
      connection.request(encode(['GET', key]), { received, failed: assert.fail });
    }
    await sleep(20);
    const text = '>2\r\n+one\r\n+1\r\n+a\r\n>2\r\n+two\r\n+2\r\n+b\r\n>1\r\n+three\r\n';
    say(text.slice(0, 30));
    await sleep(10);
    say(text.slice(30));
    await sleep(50);
    assert.deepEqual(order, [['one', '1'], 'a', ['two', '2'], 'b', ['three']]);
  });

  test('an error reply rejects its own command and no other', async () => {
    const { connection, say } = await startScripted();
    const replies = Promise.allSettled([connection.send(['GET', 'a']), connection.send(['GET', 'b'])]);
    await sleep(20);
    say('-WRONGTYPE x\r\n+b\r\n');
    const [first, second] = await replies;
    assert.ok(first.status === 'rejected' && first.reason instanceof ReplyError);
    assert.deepEqual(second, { status: 'fulfilled', value: 'b' });
  });

  test('when it breaks, what was sent is lost, and what is asked for later was never sent', async () => {
    const { connection, peer } = await startScripted();
    const sent = connection.send(['SET', 'a', '1']);
    await sleep(20);
    peer.destroy();
    await assert.rejects(sent, LostError);
    assert.equal(connection.ready, false);
    await assert.rejects(connection.send(['SET', 'a', '2']), UnsentError);
  });

  test('what is asked for in the very turn in which the peer closes was never sent', async () => {
    const { connection, peer } = await startScripted();
    // A timer's callback: what it writes goes out after this turn's sockets have been read, the end of this one among them.
    await sleep(20);
    peer.end();
    await assert.rejects(connection.send(['SET', 'a', '1']), UnsentError);
  });

  test('when it is closed, what still waited for the end of the turn was never sent', async () => {
    const { connection, heard } = await startScripted();
    const waiting = connection.send(['SET', 'a', '1']);
    connection.close();
    await assert.rejects(waiting, UnsentError);
    await sleep(20);
    assert.deepEqual(heard, []);
  });

  test('while the peer reads nothing, what comes later is not sent', async () => {
    const { connection, peer } = await startScripted({ commandTimeoutMs: 5000 });
    peer.pause();
    const big = connection.send(['SET', 'a', Buffer.alloc(64 * 2 ** 20)]);
    await sleep(50);
    const small = connection.send(['SET', 'b', '1']);
    await sleep(50);
    connection.close();
    await assert.rejects(big, LostError);
    await assert.rejects(small, UnsentError);
  });

  test('while the peer says nothing, what comes later is not sent until it does', async () => {
    const { connection, heard, say } = await startScripted({ commandTimeoutMs: 1600 });
    const first = connection.send(['GET', 'a']);
    await sleep(800);
    const second = connection.send(['GET', 'b']);
    await sleep(100);
    assert.equal(heard.length, 1);
    say('+a\r\n');
    assert.equal(await first, 'a');
    await sleep(50);
    assert.equal(heard.length, 2);
    say('+b\r\n');
    assert.equal(await second, 'b');
  });

  test('a reply that is late closes it, and an earlier one does not', async () => {
    const { connection, say } = await startScripted();
    const inTime = connection.send(['GET', 'a']);
    await sleep(350);
    say('+a\r\n');
    await inTime;
    const late = await timed(connection.send(['GET', 'b']));
    assert.ok(late.result.status === 'rejected' && late.result.reason instanceof LostError);
    assert.ok(late.ms >= 390 && late.ms < 700, `${late.ms} ms`);
    assert.equal(connection.ready, false);
  });

  test('that this process is held up itself makes no reply late', async () => {
    const { connection, say } = await startScripted();
    const answer = connection.send(['GET', 'a']);
    await sleep(20);
    say('+a\r\n');
    const end = performance.now() + 1000;
    while (performance.now() < end);
    assert.equal(await answer, 'a');
  });

  test('an idle connection stays, and is not late afterwards', async () => {
    const { connection, say } = await startScripted();
    await sleep(1000);
    const answer = connection.send(['GET', 'a']);
    await sleep(20);
    say('+a\r\n');
    assert.equal(await answer, 'a');
  });

  for (const [what, text] of Object.entries({
    'what is not RESP': 'HTTP/1.1 400 Bad Request\r\n\r\n',
    'a reply to nothing': '+a\r\n+b\r\n+c\r\n',
    'a nest of arrays': '*1\r\n'.repeat(10_000),
    'a reply of a billion elements': '*1000000000\r\n',
    'a value of a gigabyte': '$1000000000\r\n',
    'a line without end': 'x'.repeat(100_000),
  })) {
    test(`${what} closes it, and throws nowhere`, async () => {
      let closed = 0;
      const { connection, say } = await startScripted({ hooks: { closed: () => closed++ } });
      const outcomes = Promise.allSettled([connection.send(['GET', 'a']), connection.send(['GET', 'b'])]);
      await sleep(20);
      say(text);
      await outcomes;
      await sleep(20);
      assert.equal(connection.ready, false);
      assert.equal(closed, 1);
    });
  }

  test('a hook that throws closes it', async () => {
    const push = () => {
      throw new Error('a bug');
    };
    const { connection, say } = await startScripted({ hooks: { push } });
    const answer = connection.send(['GET', 'a']);
    await sleep(20);
    say('>1\r\n+x\r\n+a\r\n');
    await assert.rejects(answer, LostError);
  });

  test('an endpoint that never accepts, or never greets, is given up in time', async () => {
    const silent = createServer(() => {});
    const port = await listen(silent);
    cleanups.push(() => silent.close());
    const { result, ms } = await timed(make({ port }).connect());
    assert.ok(result.status === 'rejected');
    assert.ok(ms >= 390 && ms < 700, `${ms} ms`);
    // TEST-NET-1: nothing answers there.
    const nowhere = await timed(make({ host: '192.0.2.1', port: 6379 }).connect());
    assert.equal(nowhere.result.status, 'rejected');
    assert.ok(nowhere.ms < 800, `${nowhere.ms} ms`);
  });

  test('a greeting that is refused tells why, and not the password', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end('-WRONGPASS no\r\n'));
    const port = await listen(server);
    cleanups.push(() => server.close());
    await assert.rejects(make({ port, password: 'a-secret' }).connect(), (error: Error) => {
      assert.ok(error instanceof ReplyError);
      assert.ok(!`${error.stack}${error.cause}`.includes('a-secret'));
      return true;
    });
  });
});

for (const version of ['7.0', '8.0'] as const) {
  describe(`a connection to Redis ${version}`, () => {
    let tenant: TenantRedis;
    before(async () => {
      tenant = await startTenantRedis(version);
    });
    after(() => tenant.stop());
    const open = async (options: Partial<ConnectionOptions> = {}) => {
      const { port } = tenant.server;
      const connection = make({ port, password: tenant.password, commandTimeoutMs: 2000, ...options });
      await connection.connect();
      return connection;
    };

    test('of several passwords the first that is accepted signs in, with all that comes before other commands', async () => {
      const prelude = [['CLIENT', 'TRACKING', 'ON']];
      const connection = await open({ password: ['no', 'neither', tenant.password], hooks: { prelude } });
      assert.equal(await connection.send(['SET', 'k', 'v']), 'OK');
      await assert.rejects(open({ password: ['no', 'neither'], hooks: { prelude } }), /WRONGPASS/);
    });

    test('a transaction gives its replies, and null where a watched key has changed', async () => {
      const connection = await open();
      await connection.send(['WATCH', 'w']);
      const commands = [
        ['INCRBY', 'n', 2],
        ['GET', 'n'],
        ['INCRBY', 'text', 1],
      ];
      await connection.send(['SET', 'text', 'abc']);
      const replies = await connection.transaction(commands);
      assert.deepEqual(replies?.slice(0, 2), [2, Buffer.from('2')]);
      assert.ok(replies?.[2] instanceof ReplyError);
      await connection.send(['WATCH', 'w']);
      await tenant.admin().set('w', 'other');
      assert.equal(await connection.transaction(commands), null);
      await assert.rejects(connection.transaction([['NOSUCHCOMMAND']]), ReplyError);
      assert.ok(Array.isArray(await connection.send(['TIME'])));
    });

    test('with client tracking, a write by another is told after the reply that it makes stale', async () => {
      const told: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      const connection = await open({
        hooks: {
          prelude: [['CLIENT', 'TRACKING', 'ON']],
          push: ([kind, keys]) => {
            told.push(`${kind} ${keys}`);
            resolve();
          },
        },
      });
      await connection.send(['SET', 'tracked', 'a']);
      await connection.send(['GET', 'tracked']);
      await tenant.admin().set('tracked', 'b');
      await promise;
      assert.deepEqual(told, ['invalidate tracked', 'invalidate tracked'].slice(0, told.length));
      assert.equal(String(await connection.send(['GET', 'tracked'])), 'b');
    });

    test('a prelude that is refused prevents the connection', async () => {
      await assert.rejects(open({ hooks: { prelude: [['CLIENT', 'KILL', 'x']] } }), /NOPERM/);
    });
  });
}
