import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connectRedis } from '../../../operator/redis/session.ts';

/** A server that answers AUTH with OK and all that follows with `reply`, on 127.0.0.1. */
async function fakeRedis(test: TestContext, reply: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (/auth/i.test(chunk.toString())) socket.write('+OK\r\n');
      else reply(socket);
    });
  });
  test.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

test('a Redis that replies without end is cut off, and does not fill the memory of the operator', async (t) => {
  let taken = 0;
  const address = await fakeRedis(t, (socket) => {
    const chunk = Buffer.alloc(64 * 1024, 'a');
    socket.write(`$${2 ** 30}\r\n`);
    const pour = () => {
      while (!socket.destroyed && socket.write(chunk)) taken += chunk.length;
      if (!socket.destroyed) socket.once('drain', pour);
    };
    pour();
  });
  const session = await connectRedis({ ...address, password: 'x' });
  await assert.rejects(session.info(), /closed/i);
  assert.ok(taken < 32 * 2 ** 20, `${taken} bytes were taken`);
});

test("Redis' own words are cut to what fits a condition", async (t) => {
  const address = await fakeRedis(t, (socket) => socket.write(`-ERR ${'no '.repeat(10_000)}\r\n`));
  const session = await connectRedis({ ...address, password: 'x' });
  await assert.rejects(session.configSet('maxmemory', '1'), (error: Error) => {
    assert.equal(error.name, 'RedisRefusal');
    return error.message.length <= 300;
  });
  session.close();
});
