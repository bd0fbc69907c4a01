import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { close } from '../../../dataplane/http/server.ts';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { StoreError, type Stores } from '../../../dataplane/store/port.ts';
import { type Api, type ApiOptions, sendRaw, startApi, stubStores } from './api.ts';

const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));

for (const plain of [true, false]) {
  const way = plain ? "in front of Node's HTTP" : "over Node's HTTP";

  /** Starts a server that ends with the test. */
  async function open(t: TestContext, options: ApiOptions): Promise<Api> {
    const api = await startApi({ plain, ...options });
    t.after(api.close);
    return api;
  }

  describe(`limits in time and memory, ${way}`, () => {
    test('a request that is sent too slowly is ended, and others are served meanwhile', async (t) => {
      const api = await open(t, {
        stores: createMemoryStores(),
        configure: (server) => {
          server.headersTimeout = 300;
          server.requestTimeout = 300;
        },
      });
      const token = api.tenant('slow');
      const request = `PUT /infra/kv/k HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{`;
      const slow = Promise.all([sendRaw(api.port, [request], 6000), sendRaw(api.port, ['GET / HT'], 6000)]);
      const response = await fetch(`${api.url}/infra/kv/k`, { headers: { authorization: `Bearer ${token}` } });
      assert.equal(response.status, 404);
      assert.deepEqual((await slow).map(statuses), [[408], [408]]);
    });

    /** A write whose body lacks its end, by a tenant of its own. */
    function startWrite(api: Api, tenant: string, bytes: number, sent: number): Socket {
      const socket = connect(api.port, '127.0.0.1');
      socket.write(
        `PUT /infra/kv/k HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tenant(tenant)}\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n{"value":1${' '.repeat(sent - 10)}`,
      );
      return socket;
    }

    test('while bodies fill the budget new ones are 503 with Retry-After, and taken again when it is free', async (t) => {
      const api = await open(t, { stores: createMemoryStores(), heldBytes: 50_000 });
      const sockets = ['a', 'b', 'c', 'd'].map((tenant) => startWrite(api, tenant, 20_000, 12_400));
      await sleep(100);
      const headers = { authorization: `Bearer ${api.tenant('e')}`, 'content-type': 'application/json' };
      const write = () =>
        fetch(`${api.url}/infra/kv/k`, { method: 'PUT', headers, body: `{"value":"${'x'.repeat(1000)}"}` });
      const busy = await write();
      assert.equal(busy.status, 503);
      assert.equal(busy.headers.get('retry-after'), '1');
      for (const socket of sockets) socket.destroy();
      await sleep(100);
      assert.equal((await write()).status, 200);
    });

    test('a tenant that holds its share is turned away while others are served', async (t) => {
      const api = await open(t, { stores: createMemoryStores(), heldBytes: 50_000 });
      const token = api.tenant('greedy');
      api.budget.hold(12_500, 'greedy');
      const read = (bearer: string) =>
        fetch(`${api.url}/infra/kv/k`, { headers: { authorization: `Bearer ${bearer}` } });
      assert.equal((await read(token)).status, 503);
      assert.equal((await read(api.tenant('other'))).status, 404);
      api.budget.hold(-12_500, 'greedy');
      assert.equal((await read(token)).status, 404);
    });

    test('probes are answered when there is no room left at all', async (t) => {
      const api = await open(t, { stores: createMemoryStores(), heldBytes: 50_000 });
      const token = api.tenant('x');
      api.budget.hold(50_000);
      for (const probe of ['livez', 'readyz']) assert.equal((await fetch(`${api.url}/${probe}`)).status, 200);
      const headers = { authorization: `Bearer ${token}` };
      assert.equal((await fetch(`${api.url}/infra/kv/k`, { headers })).status, 503);
    });

    test('bodies that all come after their requests were let in stay within the budget', async (t) => {
      const api = await open(t, { stores: createMemoryStores(), heldBytes: 50_000 });
      const sockets = Array.from({ length: 8 }, (_, i) => startWrite(api, `late-${i}`, 12_000, 10));
      const answers = sockets.map((socket) => once(socket, 'data').then(([data]) => statuses(String(data))[0]));
      await sleep(50);
      for (const socket of sockets) socket.write(' '.repeat(6_000));
      await sleep(50);
      assert.ok(api.budget.held > 40_000 && api.budget.held < 50_000, `${api.budget.held} bytes are held`);
      for (const socket of sockets) socket.write(`${' '.repeat(5_989)}}`);
      const outcomes = await Promise.all(answers);
      assert.ok(outcomes.includes(200), 'those that fit are written');
      assert.ok(outcomes.includes(503), 'those that do not are turned away');
      for (const socket of sockets) socket.destroy();
    });

    test('values that came when there was no more room are not put into an answer', async (t) => {
      const value = Buffer.from(JSON.stringify('x'.repeat(1000)));
      const fill = async <T>(answer: T) => {
        api.budget.hold(50_000);
        return answer;
      };
      const stores = stubStores({
        get: () => fill({ value, expiresAt: null }),
        batch: (ops) => fill(ops.map(({ op }) => ({ value: op === 'get' ? value : null, found: true }))),
      });
      const api = await open(t, { stores, heldBytes: 50_000 });
      const headers = { authorization: `Bearer ${api.tenant('x')}`, 'content-type': 'application/json' };
      const ask = async (path: string, body?: object) => {
        const init = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers };
        const answer = await fetch(`${api.url}${path}`, init);
        api.budget.hold(-50_000);
        return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
      };
      const get = { op: 'get', key: 'k' };
      assert.equal((await ask('/infra/kv/k')).status, 503);
      assert.equal((await ask('/api/kv/get', { key: 'k' })).status, 503);
      assert.equal((await ask('/infra/kv', { ops: [get, get] })).status, 503);
      const mixed = await ask('/infra/kv', { ops: [get, { op: 'delete', key: 'k' }] });
      assert.equal(mixed.status, 200);
      const [read, removed] = mixed.json.results as Record<string, unknown>[];
      assert.deepEqual(
        { ...read, message: '' },
        { key: 'k', value: null, status: 'error', code: 'store_unavailable', message: '' },
      );
      assert.deepEqual(removed, { key: 'k', value: null, status: 'ok' });
    });

    test('clients that go away before their answer leave nothing behind', async (t) => {
      const gate = Promise.withResolvers<void>();
      const value = Buffer.from(JSON.stringify('x'.repeat(10_000)));
      const stores = stubStores({
        get: () => gate.promise.then(() => ({ value, expiresAt: null })),
        set: () => gate.promise.then(() => ({ expiresAt: null })),
        delete: () => gate.promise.then(() => 1),
      });
      const api = await open(t, { stores });
      const token = api.tenant('gone');
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const socket = connect(api.port, '127.0.0.1');
        const headers = `Host: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`;
        const body = method === 'PUT' ? 'Content-Length: 11\r\n\r\n{"value":1}' : '\r\n';
        socket.write(`${method} /infra/kv/k HTTP/1.1\r\n${headers}${body}`);
        await sleep(50);
        socket.destroy();
        await sleep(50);
      }
      gate.resolve();
      await sleep(50);
      assert.equal(
        (await api.metrics.registry.getSingleMetricAsString('cubby_http_requests_total')).match(/status="499",code=""/g)
          ?.length,
        3,
      );
      assert.equal(api.budget.held, 0);
    });

    test('a client that sends requests without end ahead of a slow answer is cut off; one that sends a few is not', async (t) => {
      const gate = Promise.withResolvers<null>();
      const api = await open(t, { stores: stubStores({ get: () => gate.promise }) });
      const get = `GET /infra/kv/k HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tenant('ahead')}\r\n\r\n`;
      await assert.rejects(sendRaw(api.port, [get.repeat(1000)], 2000), { code: 'ECONNRESET' });
      const few = sendRaw(api.port, [get.repeat(50)]);
      await sleep(50);
      gate.resolve(null);
      assert.deepEqual(statuses(await few), Array(50).fill(404));
    });

    test('an error that nobody foresaw is 500 without any of its text, which the log has', async (t) => {
      const broken: Stores = {
        open: () => {
          throw new TypeError('secret detail');
        },
        close: async () => {},
      };
      const api = await open(t, { stores: broken });
      const response = await fetch(`${api.url}/infra/kv/k`, {
        headers: { authorization: `Bearer ${api.tenant('x')}` },
      });
      const text = await response.text();
      assert.equal(response.status, 500);
      assert.equal(JSON.parse(text).code, 'internal_error');
      assert.ok(!text.includes('secret detail'));
      assert.ok(api.logged().includes('secret detail') && api.logged().includes(JSON.parse(text).request_id));
    });

    test('each way in which a store fails has its status', async (t) => {
      const expected = {
        unavailable: 503,
        unknown: 504,
        full: 507,
        'wrong-type': 409,
        'not-a-number': 409,
        overflow: 409,
        failed: 500,
      } as const;
      for (const [failure, status] of Object.entries(expected)) {
        const fail = () => Promise.reject(new StoreError(failure as keyof typeof expected, `it is ${failure}`));
        const api = await open(t, {
          stores: stubStores({ increment: fail }),
        });
        const headers = { authorization: `Bearer ${api.tenant('x')}`, 'content-type': 'application/json' };
        const response = await fetch(`${api.url}/infra/kv/k/increment`, { headers, method: 'POST' });
        assert.equal(response.status, status);
        assert.equal(((await response.json()) as { detail: string }).detail, `it is ${failure}`);
        assert.equal(response.headers.has('retry-after'), status === 503);
      }
    });
  });

  describe(`stopping, ${way}`, () => {
    test('while draining requests are served and asked to connect elsewhere; then what is in flight ends, and no more comes in', async (t) => {
      const gate = Promise.withResolvers<null>();
      const api = await open(t, { stores: stubStores({ get: () => gate.promise, delete: async () => 1 }) });
      const headers = { authorization: `Bearer ${api.tenant('x')}` };
      assert.equal((await fetch(`${api.url}/readyz`)).status, 200);
      api.state.ready = false;
      api.state.draining = true;
      assert.equal((await fetch(`${api.url}/readyz`)).status, 503);
      const served = await fetch(`${api.url}/infra/kv/k`, { headers, method: 'DELETE' });
      assert.equal(served.status, 200);
      assert.equal(served.headers.get('connection'), 'close');
      const inFlight = fetch(`${api.url}/infra/kv/k`, { headers });
      await sleep(50);
      const closed = close(api.server, 5000, api.front);
      await sleep(50);
      await assert.rejects(fetch(`${api.url}/livez`), 'no new connection');
      gate.resolve(null);
      assert.equal((await inFlight).status, 404);
      await closed;
    });

    test('a request that never ends does not keep the process from stopping', async (t) => {
      const never = new Promise<never>(() => {});
      const stores = stubStores({ get: () => never, set: () => never, delete: () => never });
      const api = await open(t, { stores });
      const request = fetch(`${api.url}/infra/kv/k`, { headers: { authorization: `Bearer ${api.tenant('x')}` } });
      request.catch(() => {});
      await sleep(50);
      const start = performance.now();
      await close(api.server, 300, api.front);
      assert.ok(performance.now() - start < 1000);
      await assert.rejects(request);
    });
  });
}
