import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { type Api, BODY_BYTES, sendRaw, startApi } from './api.ts';

const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));

for (const plain of [true, false]) {
  describe(`raw requests, ${plain ? "in front of Node's HTTP" : "over Node's HTTP"}`, () => {
    let api: Api;
    let head: (method: string, path: string, ...headers: string[]) => string;
    before(async () => {
      api = await startApi({ stores: createMemoryStores(), plain });
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
      const chunks = ['{"val', 'ue":"é', '🔑"}'].map(
        (part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`,
      );
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
      assert.deepEqual(
        statuses(await sendRaw(api.port, [head('GET', '/livez', `X-Big: ${'x'.repeat(17_000)}`)])),
        [431],
      );
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
}
