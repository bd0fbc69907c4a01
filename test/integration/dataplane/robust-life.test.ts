import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { close } from '../../../dataplane/http/server.ts';
import { eventually } from '../eventually.ts';
import { exchange, type Recorder, type RecorderOptions, startRecorder, statuses } from './robust.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';

for (const plain of [true, false]) {
  describe(plain ? 'a connection of the front' : "a connection of Node's", { timeout: 120_000 }, () => {
    const open = async (t: TestContext, options: Omit<RecorderOptions, 'plain'> = {}): Promise<Recorder> => {
      const recorder = await startRecorder({ plain, ...options });
      t.after(() => recorder.close());
      return recorder;
    };

    /** A client that reads nothing until it is told to. */
    const connectTo = async (t: TestContext, { port }: Recorder): Promise<{ socket: Socket; text: () => string }> => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let text = '';
      socket.setEncoding('latin1').on('error', () => {});
      t.after(() => socket.destroy());
      await once(socket, 'connect');
      socket.on('data', (more) => {
        text += more;
      });
      return { socket, text: () => text };
    };

    const until = (what: string, holds: () => boolean | Promise<boolean>, limitMs = 5000) =>
      eventually(what, limitMs, holds);
    const connections = (recorder: Recorder) =>
      new Promise<number>((resolve) => recorder.server.getConnections((_, count) => resolve(count ?? 0)));

    for (const size of [20_000, 300_000]) {
      test(`a client that reads late gets every answer of ${size} bytes, and what is held for it is bounded`, async (t) => {
        const body = Buffer.alloc(size, 'x');
        const recorder = await open(t, { answer: () => ({ body }) });
        const { socket, text } = await connectTo(t, recorder);
        socket.pause();
        let requests = 0;
        // One at a time, until the buffers between both are full and the server waits.
        while (requests - recorder.seen.length < 20) {
          assert.ok(++requests * size < 200_000_000, 'the server does not wait');
          socket.write(GET);
          await sleep(0);
        }
        assert.ok(recorder.budget.held <= 64 * size, `${recorder.budget.held} bytes are held`);
        socket.resume();
        await until('every answer', () => statuses(text()).length === requests, 20_000);
        await until('nothing held', () => recorder.budget.held === 0);
        assert.deepEqual(recorder.delivered, Array(requests).fill(true));
      });
    }

    test('a client that goes away without reading leaves nothing behind', async (t) => {
      const body = Buffer.alloc(20_000_000, 'x');
      const recorder = await open(t, { answer: () => ({ body }) });
      const { socket } = await connectTo(t, recorder);
      socket.pause();
      socket.write(GET);
      await until('held', () => recorder.budget.held > 0);
      await sleep(50);
      socket.resetAndDestroy();
      await until('nothing held', () => recorder.budget.held === 0);
      assert.deepEqual(recorder.delivered, [false]);
      await until('no connection', async () => (await connections(recorder)) === 0);
    });

    test('a client that ends its side while it waits is gone: the answer is not sent', async (t) => {
      const gate = Promise.withResolvers<object>();
      const recorder = await open(t, { answer: () => gate.promise });
      const { socket, text } = await connectTo(t, recorder);
      socket.end(GET);
      await once(socket, 'close');
      gate.resolve({});
      await until('told', () => recorder.delivered.length === 1);
      assert.deepEqual([text(), recorder.delivered, recorder.budget.held], ['', [false], 0]);
    });

    test('a client that ends its side with requests left is gone, and nothing breaks', async (t) => {
      const recorder = await open(t, { answer: () => sleep(30, {}) });
      for (const after of [GET, GET + GET, 'GET /par', 'garbage\r\n\r\n']) {
        const { socket } = await connectTo(t, recorder);
        socket.write(GET);
        await sleep(5);
        socket.end(after);
        await once(socket, 'close');
      }
      await until('no connection', async () => (await connections(recorder)) === 0);
      await until('nothing held', () => recorder.budget.held === 0);
      assert.deepEqual((await exchange(recorder.port, [Buffer.from(GET)], { atLeast: 1 })).statuses, [200]);
    });

    test('connections that are reset at any moment end nothing but themselves', async (t) => {
      const recorder = await open(t, { answer: () => sleep(1, {}) });
      const inputs = ['', GET, 'GET /par', GET + GET, `${GET}GET /par`, 'garbage\r\n\r\n', '\x16\x03\x01'];
      await Promise.all(
        Array.from({ length: 140 }, async (_, i) => {
          const { socket } = await connectTo(t, recorder);
          socket.write(inputs[i % inputs.length] ?? '');
          await sleep(i % 5);
          socket.resetAndDestroy();
        }),
      );
      await until('no connection', async () => (await connections(recorder)) === 0);
      await until('nothing held', () => recorder.budget.held === 0);
      assert.deepEqual((await exchange(recorder.port, [Buffer.from(GET)], { atLeast: 1 })).statuses, [200]);
    });

    test('what comes ahead of an answer is not read without bound', async (t) => {
      const gate = Promise.withResolvers<object>();
      const recorder = await open(t, { answer: () => gate.promise });
      const { socket } = await connectTo(t, recorder);
      socket.write(GET);
      await until('taken', () => recorder.seen.length === 1);
      const endless = GET.repeat(10_000);
      const flooded = new Promise<boolean>((resolve) => {
        socket.on('close', () => resolve(false));
        let rounds = 0;
        const more = (error?: Error | null) =>
          error ? resolve(false) : ++rounds > 200 ? resolve(true) : socket.write(endless, more);
        more();
      });
      const read = await Promise.race([flooded, sleep(1000, false)]);
      assert.equal(read, false, 'the server stops reading, or ends the connection');
      socket.destroy();
      gate.resolve({});
      await until('nothing held', () => recorder.budget.held === 0);
    });

    describe('is ended in time', () => {
      const short = (server: Recorder['server']) => {
        server.headersTimeout = 200;
        server.requestTimeout = 200;
        server.keepAliveTimeout = 200;
      };

      test('that never sends anything', async (t) => {
        const recorder = await open(t, { configure: short });
        const { socket } = await connectTo(t, recorder);
        await Promise.race([once(socket, 'close'), sleep(4000).then(() => assert.fail('still open'))]);
      });

      test('that sends no second request', async (t) => {
        const recorder = await open(t, { configure: short });
        const { socket, text } = await connectTo(t, recorder);
        socket.write(GET);
        await Promise.race([once(socket, 'close'), sleep(4000).then(() => assert.fail('still open'))]);
        assert.deepEqual(statuses(text()), [200]);
      });

      for (const [what, slow] of [
        ['a head', 'GET /a HTTP/1.1\r\nX: '],
        ['a body', 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n'],
      ] as const) {
        test(`that sends ${what} byte by byte, first or after a request`, async (t) => {
          const recorder = await open(t, { configure: short });
          const attempts = ['', GET].map(async (before) => {
            const { socket, text } = await connectTo(t, recorder);
            socket.write(before);
            if (before) await until('answered', () => text() !== '');
            // A byte that meets the closed connection resets it, and the answer may be lost to that.
            let reset = false;
            socket.on('error', () => {
              reset = true;
            });
            const drip = setInterval(() => socket.write('x'), 20);
            t.after(() => clearInterval(drip));
            socket.write(slow);
            const closed = new Promise((resolve) => socket.once('close', resolve));
            await Promise.race([closed, sleep(5000).then(() => assert.fail('still open'))]);
            clearInterval(drip);
            if (!reset) assert.equal(statuses(text()).at(-1), 408);
          });
          await Promise.all(attempts);
          await until('nothing held', () => recorder.budget.held === 0);
        });
      }
    });

    describe('when the server closes', () => {
      test('is ended at once where it waits for a request', async (t) => {
        const recorder = await open(t);
        const fresh = await connectTo(t, recorder);
        const used = await connectTo(t, recorder);
        used.socket.write(GET);
        await until('answered', () => used.text() !== '');
        const ends = Promise.all([once(used.socket, 'close'), plain ? once(fresh.socket, 'close') : undefined]);
        const closed = close(recorder.server, 3000, recorder.front);
        await Promise.race([ends, sleep(1000).then(() => assert.fail('still open'))]);
        fresh.socket.destroy();
        await closed;
      });

      test('gets the answer that it waits for, and is ended then', async (t) => {
        const gate = Promise.withResolvers<object>();
        const recorder = await open(t, { answer: () => gate.promise });
        const { socket, text } = await connectTo(t, recorder);
        socket.write(GET);
        await until('taken', () => recorder.seen.length === 1);
        const closed = close(recorder.server, 5000, recorder.front);
        await sleep(50);
        assert.equal(text(), '');
        gate.resolve({ headers: { Connection: 'close' } });
        await once(socket, 'close');
        assert.match(text(), /200 OK.*connection: close.*GET \/a$/is);
        await closed;
      });

      test('does not keep it from closing past the limit, whatever it waits for', async (t) => {
        const recorder = await open(t, { answer: () => new Promise(() => {}) });
        const waits = await connectTo(t, recorder);
        waits.socket.write(GET);
        const partial = await connectTo(t, recorder);
        partial.socket.write('POST /a HTTP/1.1\r\nContent-Length: 10\r\nHost: x\r\n\r\n');
        await until('taken', () => recorder.seen.length === 2);
        const started = performance.now();
        await close(recorder.server, 300, recorder.front);
        const took = performance.now() - started;
        assert.ok(took > 250 && took < 2000, `${took} ms`);
      });
    });
  });
}
