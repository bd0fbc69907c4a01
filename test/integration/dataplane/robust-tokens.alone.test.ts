import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { formatToken, TOKEN_RANDOM_BYTES, type TokenType } from '../../../contract/token.ts';
import { createAttempts } from '../../../dataplane/auth/attempts.ts';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { type Api, startApi } from './api.ts';
import { createClient, isProblem } from './client.ts';
import { exchange } from './robust.ts';

const TYPES: readonly TokenType[] = ['Project', 'Deployment', 'ApiKey'];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** A token that nobody issued: of the right form with a right checksum, or with a wrong one, or of no form at all. */
function guess(i: number): string {
  const token = formatToken(TYPES[i % 3] ?? 'Project', randomBytes(TOKEN_RANDOM_BYTES));
  if (i % 4 === 1) return `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;
  return i % 16 === 3 ? randomBytes(24).toString('base64url') : token;
}

const request = (token: string) => `GET /infra/kv/k HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;

for (const plain of [true, false]) {
  describe(`tokens that are guessed, ${plain ? "in front of Node's HTTP" : "over Node's HTTP"}`, () => {
    const open = async (
      t: TestContext,
      perSecond: number,
      burst: number,
      sources = 100,
      silent = false,
    ): Promise<Api> => {
      const attempts = createAttempts({ perSecond, burst, sources });
      const api = await startApi({ stores: createMemoryStores(), plain, attempts, silent });
      t.after(api.close);
      return api;
    };

    test('are 401 up to the burst of a source, then 429 with Retry-After on a connection that ends', async (t) => {
      const api = await open(t, 1, 5);
      const client = createClient(() => api);
      for (let i = 0; i < 5; i++) isProblem(await client.get('k', guess(i)), 401, 'unauthorized');
      const refused = await client.get('k', guess(0));
      isProblem(refused, 429, 'rate_limited', /the token is not known/);
      assert.ok(Number(refused.headers.get('retry-after')) >= 1);
      assert.equal(refused.headers.get('connection'), 'close');
      const ahead = await exchange(api.port, [Buffer.from(request(guess(0)) + request(guess(0)))], { atLeast: 1 });
      assert.deepEqual([ahead.statuses, ahead.closed], [[429], true]);
      assert.doesNotMatch(await api.metrics.registry.metrics(), /cubby_rate_limited_total [1-9]/);
    });

    test('do not keep a valid token of the same source from being served, nor the guesses of other sources', async (t) => {
      const api = await open(t, 1, 5);
      const client = createClient(() => api);
      const token = api.tenant('neighbour');
      for (let i = 0; i < 50; i++) await client.get('k', guess(i));
      isProblem(await client.get('k', guess(0)), 429, 'rate_limited');
      isProblem(await client.get('k', token), 404, 'not_found');
      const socket = connect({ port: api.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
      socket.write(request(guess(0)));
      const [answer] = await once(socket, 'data');
      socket.destroy();
      assert.match(String(answer), /^HTTP\/1\.1 401 /);
    });

    test('take no memory that grows, and no time of others that counts', async (t) => {
      const api = await open(t, 20, 200, 1000, true);
      const token = api.tenant('neighbour');
      const latencies: number[] = [];
      let attacking = true;
      const others = (async () => {
        const headers = { authorization: `Bearer ${token}` };
        while (attacking) {
          const start = performance.now();
          const response = await fetch(`${api.url}/infra/kv/k`, { headers });
          await response.arrayBuffer();
          assert.equal(response.status, 404);
          latencies.push(performance.now() - start);
        }
      })();
      const before = heapBytes();
      let refused = 0;
      for (let i = 0; i < 50_000; i++) {
        // From 16,384 addresses, and every other time from one and the same.
        const remote = i % 2 === 0 ? '10.0.0.1' : `10.1.${(i >> 8) & 127}.${i & 255}`;
        const headers = { authorization: `Bearer ${guess(i)}` };
        const reply = await api.serve({
          method: 'GET',
          url: '/infra/kv/k',
          headers,
          remote: () => remote,
          readBody: () => Buffer.alloc(0),
          hold() {},
        });
        reply.done(true);
        if (reply.status === 429) refused++;
        else assert.equal(reply.status, 401);
        // As the events of sockets would.
        if (i % 20 === 0) await new Promise(setImmediate);
      }
      attacking = false;
      await others;
      assert.ok(refused > 20_000, `${refused} were refused`);
      latencies.sort((a, b) => a - b);
      const p99 = latencies[Math.floor(latencies.length * 0.99)] ?? 0;
      assert.ok(latencies.length > 100, `${latencies.length} requests of others`);
      assert.ok(p99 < 100, `p99 of others is ${p99} ms`);
      const grown = (heapBytes() - before) / 2 ** 20;
      assert.ok(grown < 20, `the heap grew by ${grown} MiB`);
      t.diagnostic(
        `others: ${latencies.length} requests, p99 ${p99.toFixed(1)} ms; heap grew by ${grown.toFixed(1)} MiB`,
      );
    });
  });
}
