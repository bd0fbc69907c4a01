import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { close } from '../../../dataplane/server.ts';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { StoreError, type Stores } from '../../../dataplane/store/port.ts';
import { type Api, type ApiOptions, BODY_BYTES, sendRaw, startApi } from './api.ts';

const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));

describe('raw requests', () => {
  let api: Api;
  let head: (method: string, path: string, ...headers: string[]) => string;
  before(async () => {
    api = await startApi({ stores: createMemoryStores() });
    const token = api.tenant('raw');
    head = (method, path, ...headers) =>
      [`${method} ${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${token}`, ...headers, '', ''].join('\r\n');
  });
  after(() => api.close());

  const json = 'Content-Type: application/json';
  const put = (path: string, body: string | Buffer, ...headers: string[]) =>
    sendRaw(api.port, [
      head('PUT', path, json, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close', ...headers),
      body,
    ]);
  const get = (path: string) => sendRaw(api.port, [head('GET', path, 'Connection: close')]);

  test('a path is taken as it was sent: dots are neither resolved nor allowed', async () => {
    for (const path of ['/infra/kv/a/../b', '/infra/kv/..', '/infra/kv/../kv/a', '/infra/kv/a/%2e%2e/b']) {
      assert.deepEqual(statuses(await get(path)), [400], path);
    }
    for (const path of ['/infra/../infra/kv/a', '/infra/./kv/a', '//infra/kv/a', '/infra//kv/a']) {
      assert.deepEqual(statuses(await get(path)), [404], path);
    }
  });

  test('keys that URL parsers rewrite arrive unchanged', async () => {
    for (const key of [
      'a/./b',
      'a//b',
      '//a',
      'a\\b',
      'a|b',
      'a#b',
      'a;b=c',
      '{a}',
      'a^b`c',
      '~',
      'a:b@c',
      'http://x/y',
    ]) {
      assert.match(await put(`/infra/kv/${key}`, '{"value":1}'), /200 OK/, key);
      assert.ok((await get(`/infra/kv/${key}`)).includes(`"key":${JSON.stringify(key)}`), key);
    }
  });

  test('unencoded bytes beyond ASCII in the path are 400', async () => {
    assert.deepEqual(statuses(await get('/infra/kv/ключ')), [400]);
  });

  test('a request target in absolute form names the same key', async () => {
    assert.match(await put('http://any.host/infra/kv/absolute', '{"value":1}'), /"key":"absolute"/);
    assert.match(await get('/infra/kv/absolute'), /"value":1/);
  });

  test('a chunked body is read like any other', async () => {
    const chunks = ['{"val', 'ue":"é', '🔑"}'].map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`);
    const request = head('PUT', '/infra/kv/chunked', json, 'Transfer-Encoding: chunked', 'Connection: close');
    const answer = await sendRaw(api.port, [request, ...chunks, '0\r\n\r\n']);
    assert.match(answer, /"value":"é🔑"/);
  });

  test('a character of the body that is split between packets is put together again', async () => {
    const body = Buffer.from('{"value":"🔑"}');
    const socket = connect(api.port, '127.0.0.1');
    socket.write(head('PUT', '/infra/kv/split', json, `Content-Length: ${body.length}`, 'Connection: close'));
    for (const byte of body) {
      socket.write(Buffer.from([byte]));
      await sleep(2);
    }
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /"value":"🔑"/);
  });

  test('a chunked body without end is 413 as soon as it is too large, and memory is given back', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const request = head('PUT', '/infra/kv/endless', json, 'Transfer-Encoding: chunked');
    const answer = await sendRaw(api.port, [request, ...Array.from({ length: 20 }, () => chunk)]);
    assert.deepEqual(statuses(answer), [413]);
    await sleep(50);
    assert.equal(api.budget.held, 0);
  });

  test('a body declared too large is 413 before it is sent', async () => {
    const request = head('PUT', '/infra/kv/k', json, `Content-Length: ${BODY_BYTES + 1}`);
    assert.deepEqual(statuses(await sendRaw(api.port, [request])), [413]);
  });

  test('pipelined requests are answered each, in order', async () => {
    const write = (i: number) => `${head('PUT', `/infra/kv/pipe${i}`, json, 'Content-Length: 11')}{"value":${i}}`;
    const requests = Array.from({ length: 10 }, (_, i) => write(i));
    const reads = Array.from({ length: 10 }, (_, i) => head('GET', `/infra/kv/pipe${i}`));
    const answer = await sendRaw(api.port, [[...requests, ...reads].join('')]);
    assert.deepEqual(statuses(answer), Array(20).fill(200));
    const values = [...answer.matchAll(/"key":"pipe(\d)","value":(\d)/g)].map((match) => `${match[1]}=${match[2]}`);
    assert.deepEqual(
      values,
      [...Array(20).keys()].map((i) => `${i % 10}=${i % 10}`),
    );
  });

  test('a client that goes away with requests waiting for their turn leaves nothing behind', async () => {
    const socket = connect(api.port, '127.0.0.1');
    const request = head('PUT', '/infra/kv/waiting', json, 'Content-Length: 20000');
    socket.write(`${request}${' '.repeat(10_000)}`);
    await sleep(30);
    socket.write(`${' '.repeat(10_000)}${request}${' '.repeat(20_000)}${request}${' '.repeat(100)}`);
    socket.destroy();
    await sleep(50);
    assert.equal(api.budget.held, 0);
  });

  test('after an answer that left the body unread the connection still works', async () => {
    const refused = `${head('PUT', '/infra/kv/k', 'Content-Type: text/plain', 'Content-Length: 5')}hello`;
    const answer = await sendRaw(api.port, [refused, head('GET', '/livez')]);
    assert.deepEqual(statuses(answer), [415, 200]);
  });

  test('a body on a read is not looked at', async () => {
    await put('/infra/kv/k', '{"value":1}');
    const answer = await sendRaw(api.port, [
      `${head('GET', '/infra/kv/k', 'Content-Length: 5')}hello${head('GET', '/livez')}`,
    ]);
    assert.deepEqual(statuses(answer), [200, 200]);
  });

  test('what is not HTTP, or smuggles, is 400 and the connection closed', async () => {
    const bad = [
      'garbage\r\n\r\n',
      'GET /infra/kv/a b HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /infra/kv/a\x01 HTTP/1.1\r\nHost: x\r\n\r\n',
      head('PUT', '/infra/kv/k', json, 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      head('PUT', '/infra/kv/k', json, 'Content-Length: 5', 'Content-Length: 6'),
      head('GET', '/livez', 'X-Bad: a\x00b'),
    ];
    for (const request of bad) assert.deepEqual(statuses(await sendRaw(api.port, [request])), [400], request);
  });

  test('headers beyond 16 KiB are 431', async () => {
    assert.deepEqual(statuses(await sendRaw(api.port, [head('GET', '/livez', `X-Big: ${'x'.repeat(17_000)}`)])), [431]);
  });

  test('a client that goes away in the middle of its body leaves nothing behind', async () => {
    const socket = connect(api.port, '127.0.0.1');
    socket.write(`${head('PUT', '/infra/kv/gone', json, 'Content-Length: 1000')}{"value":`);
    await sleep(50);
    assert.ok(api.budget.held > 0);
    socket.destroy();
    await sleep(50);
    assert.equal(api.budget.held, 0);
    assert.match(await get('/infra/kv/gone'), /404 Not Found/);
    assert.match(await api.metrics.registry.metrics(), /status="499"/);
  });

  test('HEAD answers like GET, without a body', async () => {
    await put('/infra/kv/head', '{"value":1}');
    const answer = await sendRaw(api.port, [head('HEAD', '/infra/kv/head', 'Connection: close')]);
    assert.deepEqual(statuses(answer), [200]);
    assert.match(answer, /Content-Length: 42\r\n/i);
    assert.ok(answer.endsWith('\r\n\r\n'));
  });
});

/** Starts a server that ends with the test. */
async function open(t: TestContext, options: ApiOptions): Promise<Api> {
  const api = await startApi(options);
  t.after(api.close);
  return api;
}

describe('limits in time and memory', () => {
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

  test('while bodies fill the budget new requests are 503 with Retry-After, and served again when it is free', async (t) => {
    const api = await open(t, { stores: createMemoryStores(), heldBytes: 50_000 });
    const token = api.tenant('full');
    const socket = connect(api.port, '127.0.0.1');
    socket.write(
      `PUT /infra/kv/k HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n${' '.repeat(50_000)}`,
    );
    await sleep(100);
    const headers = { authorization: `Bearer ${token}` };
    const busy = await fetch(`${api.url}/infra/kv/k`, { headers });
    assert.equal(busy.status, 503);
    assert.equal(busy.headers.get('retry-after'), '1');
    assert.equal((await fetch(`${api.url}/livez`)).status, 200, 'probes are answered');
    socket.destroy();
    await sleep(100);
    assert.equal((await fetch(`${api.url}/infra/kv/k`, { headers })).status, 404);
  });

  test('bodies that all come after their requests were let in stay within the budget', async (t) => {
    const api = await open(t, { stores: createMemoryStores(), heldBytes: 50_000 });
    const request = `PUT /infra/kv/k HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tenant('late')}\r\nContent-Type: application/json\r\nContent-Length: 30000\r\n\r\n`;
    const sockets = Array.from({ length: 5 }, () => connect(api.port, '127.0.0.1'));
    const answers = sockets.map((socket) => once(socket, 'data').then(([data]) => statuses(String(data))[0]));
    for (const socket of sockets) socket.write(request);
    await sleep(50);
    for (const socket of sockets) socket.write(`{"value":1${' '.repeat(19_000)}`);
    await sleep(50);
    assert.ok(api.budget.held > 0 && api.budget.held <= 50_000, `${api.budget.held} bytes are held`);
    for (const socket of sockets) socket.write(`${' '.repeat(10_989)}}`);
    const outcomes = await Promise.all(answers);
    assert.ok(outcomes.includes(200), 'those that fit are written');
    assert.ok(outcomes.filter((status) => status === 503).length >= 3, 'those that do not are turned away');
    for (const socket of sockets) socket.destroy();
  });

  test('a value that the budget has no room for is not read into an answer', async (t) => {
    const api = await open(t, { stores: createMemoryStores(), heldBytes: 50_000 });
    const headers = { authorization: `Bearer ${api.tenant('large')}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ value: 'x'.repeat(30_000) });
    assert.equal((await fetch(`${api.url}/infra/kv/k`, { method: 'PUT', headers, body })).status, 200);
    const socket = connect(api.port, '127.0.0.1');
    socket.write(
      `PUT /infra/kv/other HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\nContent-Type: application/json\r\nContent-Length: 30000\r\n\r\n${' '.repeat(25_000)}`,
    );
    await sleep(100);
    assert.equal((await fetch(`${api.url}/infra/kv/k`, { headers })).status, 503);
    socket.destroy();
    await sleep(100);
    assert.equal((await fetch(`${api.url}/infra/kv/k`, { headers })).status, 200);
  });

  test('clients that go away before their answer leave nothing behind', async (t) => {
    const gate = Promise.withResolvers<void>();
    const value = Buffer.from(JSON.stringify('x'.repeat(10_000)));
    const stores: Stores = {
      open: () => ({
        get: () => gate.promise.then(() => ({ value, expiresAt: null })),
        set: () => gate.promise.then(() => ({ expiresAt: null })),
        delete: () => gate.promise.then(() => true),
      }),
      close: async () => {},
    };
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
      (await api.metrics.requests.get()).values.find(({ labels }) => labels.status === 499)?.labels.code,
      '',
    );
    assert.equal(api.budget.held, 0);
  });

  test('a client that sends requests without end ahead of a slow answer is cut off; one that sends a few is not', async (t) => {
    const gate = Promise.withResolvers<null>();
    const stores: Stores = {
      open: () => ({ get: () => gate.promise, set: async () => ({ expiresAt: null }), delete: async () => true }),
      close: async () => {},
    };
    const api = await open(t, { stores });
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
    const response = await fetch(`${api.url}/infra/kv/k`, { headers: { authorization: `Bearer ${api.tenant('x')}` } });
    const text = await response.text();
    assert.equal(response.status, 500);
    assert.equal(JSON.parse(text).code, 'internal_error');
    assert.ok(!text.includes('secret detail'));
    assert.ok(api.logged().includes('secret detail') && api.logged().includes(JSON.parse(text).request_id));
  });

  test('each way in which a store fails has its status', async (t) => {
    const expected = { unavailable: 503, unknown: 504, full: 507, 'wrong-type': 409, failed: 500 } as const;
    for (const [failure, status] of Object.entries(expected)) {
      const fail = () => Promise.reject(new StoreError(failure as keyof typeof expected, `it is ${failure}`));
      const api = await open(t, {
        stores: { open: () => ({ get: fail, set: fail, delete: fail }), close: async () => {} },
      });
      const headers = { authorization: `Bearer ${api.tenant('x')}` };
      const response = await fetch(`${api.url}/infra/kv/k`, { headers, method: 'DELETE' });
      assert.equal(response.status, status);
      assert.equal(((await response.json()) as { detail: string }).detail, `it is ${failure}`);
      assert.equal(response.headers.has('retry-after'), status === 503);
    }
  });
});

describe('stopping', () => {
  test('while draining requests are served and asked to connect elsewhere; then what is in flight ends, and no more comes in', async (t) => {
    const gate = Promise.withResolvers<null>();
    const stores: Stores = {
      open: () => ({ get: () => gate.promise, set: async () => ({ expiresAt: null }), delete: async () => true }),
      close: async () => {},
    };
    const api = await open(t, { stores });
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
    const closed = close(api.server, 5000);
    await sleep(50);
    await assert.rejects(fetch(`${api.url}/livez`), 'no new connection');
    gate.resolve(null);
    assert.equal((await inFlight).status, 404);
    await closed;
  });

  test('a request that never ends does not keep the process from stopping', async (t) => {
    const never = new Promise<never>(() => {});
    const stores: Stores = {
      open: () => ({ get: () => never, set: () => never, delete: () => never }),
      close: async () => {},
    };
    const api = await open(t, { stores });
    const request = fetch(`${api.url}/infra/kv/k`, { headers: { authorization: `Bearer ${api.tenant('x')}` } });
    request.catch(() => {});
    await sleep(50);
    const start = performance.now();
    await close(api.server, 300);
    assert.ok(performance.now() - start < 1000);
    await assert.rejects(request);
  });
});
