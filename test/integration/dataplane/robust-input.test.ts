import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { type Api, startApi } from './api.ts';
import { createClient, isProblem } from './client.ts';
import { exchange } from './robust.ts';

/** No input of at most the largest body may take longer; other tenants wait as long. */
const MOST_MS = 250;

for (const plain of [true, false]) {
  describe(`hostile bodies and clients, ${plain ? "in front of Node's HTTP" : "over Node's HTTP"}`, () => {
    let api: Api;
    let token: string;
    const { call, get, put } = createClient(() => api);
    before(async () => {
      api = await startApi({ stores: createMemoryStores(), plain });
      token = api.tenant('hostile');
    });
    after(() => api.close());

    async function timed<T>(what: string, work: Promise<T>): Promise<T> {
      const start = performance.now();
      const result = await work;
      const ms = performance.now() - start;
      assert.ok(ms < MOST_MS, `${what} took ${ms} ms`);
      return result;
    }

    const post = (path: string, body: string) =>
      call(path, token, { method: 'POST', body, headers: { 'content-type': 'application/json' } });

    test('nesting without end is refused, in every place and soon', async () => {
      const deep = 100_000;
      const nested: Record<string, string> = {
        arrays: `${'['.repeat(deep)}${']'.repeat(deep)}`,
        'arrays that do not end': '['.repeat(2 * deep),
        objects: `${'{"a":'.repeat(deep / 3)}1${'}'.repeat(deep / 3)}`,
        'objects that do not end': '{"a":'.repeat(deep / 3),
        'arrays side by side': `[${'[],'.repeat(deep / 2)}${'['.repeat(1000)}`,
      };
      for (const [what, value] of Object.entries(nested)) {
        isProblem(await timed(what, put('k', token, `{"value":${value}}`)), 400, 'bad_request');
        isProblem(await timed(what, put('k', token, value)), 400, 'bad_request');
        const batch = `{"ops":[{"op":"set","key":"k","value":${value}}]}`;
        isProblem(await timed(what, post('/infra/kv', batch)), 400, 'bad_request');
        isProblem(await timed(what, post('/api/kv/set', `{"key":"k","value":${value}}`)), 400, 'bad_request');
      }
    });

    test('large flat bodies are judged soon, right or wrong', async () => {
      const bodies: Record<string, [body: string, status: number]> = {
        'many members': [`{"value":{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join()}}}`, 200],
        'one member again and again': [`{"value":{${'"k":1,'.repeat(30_000)}"k":1}}`, 200],
        'a number of many digits': [`{"value":${'9'.repeat(200_000)}}`, 200],
        'a fraction of many digits': [`{"value":0.${'9'.repeat(200_000)}e-99999}`, 200],
        'a text of escapes': [`{"value":"${'\\u0041'.repeat(40_000)}"}`, 200],
        'a text of backslashes that does not end': [`{"value":"${'\\\\'.repeat(100_000)}`, 400],
        'nothing but spaces': [' '.repeat(260_000), 400],
        'many fields': [`{"value":1${',"field":1'.repeat(20_000)}}`, 400],
        'many fields of different names': [
          `{"value":1${Array.from({ length: 15_000 }, (_, i) => `,"f${i}":1`).join('')}}`,
          400,
        ],
        commas: [`{"value":[${','.repeat(200_000)}]}`, 400],
      };
      for (const [what, [body, status]] of Object.entries(bodies)) {
        const answer = await timed(what, put('large', token, body));
        assert.equal(answer.status, status, `${what}: ${answer.text.slice(0, 300)}`);
      }
    });

    test('members called as those of every object are members like any other, and change no object', async () => {
      const value = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":null}';
      assert.equal((await put('__proto__', token, `{"value":${value}}`)).status, 200);
      assert.ok((await get('__proto__', token)).text.includes(`"value":${value},`));
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'then']) {
        isProblem(await put('k', token, `{"value":1,"${name}":{"polluted":1}}`), 400, 'bad_request', /unknown field/);
        isProblem(await put('k', token, `{"${name}":{"value":1}}`), 400, 'bad_request');
        isProblem(await call(`/infra/kv/k?${name}=1`, token), 400, 'bad_request', /unknown query parameter/);
        isProblem(await post('/infra/kv', `{"ops":[{"op":"${name}","key":"k"}]}`), 400, 'bad_request');
        isProblem(await call(`/${name}`, token), 404, 'not_found');
        isProblem(
          await call('/infra/kv/k', token, {
            method: 'DELETE',
            body: `{"${name}":1}`,
            headers: { 'content-type': 'application/json' },
          }),
          400,
          'bad_request',
        );
      }
      assert.equal(({} as { polluted?: number }).polluted, undefined);
    });

    test('bytes that are no UTF-8 are refused wherever they stand', async () => {
      const wrong = [
        '\xff',
        '\xc0\xaf',
        '\xe2\x82',
        '\xed\xa0\x80',
        '\xf4\x90\x80\x80',
        '\xf8\x88\x80\x80\x80',
        '\x80',
      ];
      for (const bytes of wrong) {
        for (const body of [`{"value":"${bytes}"}`, `{"${bytes}":1,"value":1}`, `{"value":1}${bytes}`]) {
          isProblem(await put('k', token, Buffer.from(body, 'latin1')), 400, 'bad_request');
        }
        const path = `/infra/kv/${[...bytes].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('')}`;
        isProblem(await call(path, token), 400, 'bad_request');
      }
    });

    test('headers that are sent twice or that are huge get an answer that is no success by accident', async () => {
      const head = (...lines: string[]) =>
        Buffer.from(['GET /infra/kv/none HTTP/1.1', 'Host: x', ...lines, '', ''].join('\r\n'));
      const bearer = `Authorization: Bearer ${token}`;
      const cases: [lines: string[], status: number][] = [
        [[bearer], 404],
        // The first one counts, for Node as for us.
        [[bearer, 'Authorization: Bearer other'], 404],
        [['Authorization: Bearer other', bearer], 401],
        [[`Authorization: Bearer ${' '.repeat(7000)}${token}${' '.repeat(7000)}`], 404],
        [[`Authorization: Bearer ${'x'.repeat(15_000)}`], 401],
        [[`Authorization: ${'Bearer '.repeat(2000)}`], 401],
        [[bearer, `X-Request-Id: ${'x'.repeat(15_000)}`], 404],
        [[bearer, 'X-Request-Id: a', 'X-Request-Id: b'], 404],
        [[bearer, 'X-Request-Id: a\tb'], 404],
        [[bearer, `Content-Type: application/json${' '.repeat(14_000)}x`], 404],
        [[bearer, `Cookie: ${'a=b; '.repeat(2000)}`], 404],
      ];
      for (const [lines, status] of cases) {
        const start = performance.now();
        const { statuses } = await exchange(api.port, [head(...lines)], { atLeast: 1, quietMs: 5 });
        assert.deepEqual(statuses, [status], lines.join().slice(0, 100));
        assert.ok(performance.now() - start < MOST_MS + 100, lines.join().slice(0, 100));
      }
    });

    test('hundreds of clients that send or read slowly do not slow others down', async (t) => {
      const quick = async (ms: number) => {
        const times: number[] = [];
        for (const until = performance.now() + ms; performance.now() < until; ) {
          const start = performance.now();
          assert.equal((await get('none', token)).status, 404);
          times.push(performance.now() - start);
        }
        return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
      };
      await put('big', token, JSON.stringify({ value: 'x'.repeat(200_000) }));
      const calm = await quick(1000);
      const authorization = `Host: x\r\nAuthorization: Bearer ${token}\r\n`;
      const beginnings = [
        `GET /infra/kv/slow HTTP/1.1\r\n${authorization}X-Slow: `,
        `PUT /infra/kv/slow HTTP/1.1\r\n${authorization}Content-Type: application/json\r\nContent-Length: 10000\r\n\r\n{"value":"`,
        `PUT /infra/kv/slow HTTP/1.1\r\n${authorization}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`,
        `GET /infra/kv/big HTTP/1.1\r\n${authorization}\r\n`,
      ];
      const sockets: Socket[] = [];
      for (let i = 0; i < 400; i++) {
        const socket = connect({ port: api.port, host: '127.0.0.1', noDelay: true });
        socket.on('error', () => {}).pause();
        socket.write(beginnings[i % beginnings.length] ?? '');
        sockets.push(socket);
      }
      const drip = setInterval(() => {
        for (const [i, socket] of sockets.entries()) if (i % 4 < 2) socket.write('x');
      }, 50);
      await sleep(200);
      const slowed = await quick(3000);
      clearInterval(drip);
      for (const socket of sockets) socket.destroy();
      t.diagnostic(`p99 of others: ${calm.toFixed(1)} ms before, ${slowed.toFixed(1)} ms during`);
      assert.ok(slowed < Math.max(100, 10 * calm), `p99 of others went from ${calm} to ${slowed} ms`);
      for (const until = performance.now() + 3000; api.budget.held > 0; ) {
        assert.ok(performance.now() < until, `${api.budget.held} bytes are still held`);
        await sleep(10);
      }
    });
  });
}
