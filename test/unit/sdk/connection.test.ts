import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { acceptsCache, headersOf, readBase, readToken, segmentOf } from '../../../sdk/src/connection.ts';
import { createClient, createKVClient, createManagementClient } from '../../../sdk/src/index.ts';

test('a base URL may have a path and slashes at its end', () => {
  const cases = [
    ['https://kv.example.com', 'https://kv.example.com'],
    ['https://kv.example.com/', 'https://kv.example.com'],
    ['http://127.0.0.1:8080//', 'http://127.0.0.1:8080'],
    ['https://example.com/kv/eu/', 'https://example.com/kv/eu'],
    ['https://example.com/kv?a=b#c', 'https://example.com/kv'],
  ] as const;
  for (const [given, expected] of cases) assert.equal(readBase(given), expected);
});

test('a base URL that cannot be called is refused, and none of it is told', () => {
  for (const url of [
    undefined,
    '',
    'kv.example.com',
    '/kv',
    'ftp://kv.example.com',
    'https://me:secret@kv.example.com',
  ]) {
    assert.throws(
      () => readBase(url),
      (error: TypeError) =>
        error instanceof TypeError && /baseUrl must/.test(error.message) && !/secret/.test(error.message),
      String(url),
    );
  }
});

test('a token is taken without the space around it, and refused without being told where it is none', () => {
  assert.equal(readToken(' sk_live_abc\n'), 'sk_live_abc');
  for (const token of [undefined, '', ' \n']) assert.throws(() => readToken(token), /no token: pass one/);
  for (const token of ['sk_live_a b', 'sk_live_\nX: y', 'sk_live_é']) {
    assert.throws(
      () => readToken(token),
      (error: TypeError) => /the token holds characters/.test(error.message) && !error.message.includes('sk_live'),
    );
  }
});

test('a key is one segment of a path, and refused where no URL can hold it', () => {
  assert.equal(segmentOf('a/b?c#d%e é.'), 'a%2Fb%3Fc%23d%25e%20%C3%A9.');
  for (const key of ['', '.', '..']) assert.throws(() => segmentOf(key), /cannot stand in the path/);
  for (const key of ['\ud800', 'a\udc00b']) assert.throws(() => segmentOf(key), /surrogate/);
});

test('no look at a client shows its token', () => {
  const token = 'sk_live_0123456789';
  const options = { baseUrl: 'https://kv.example.com', token };
  for (const client of [createClient(token, options), createKVClient(options), createManagementClient(options)]) {
    const looks = [inspect(client, { depth: 9, showHidden: true }), JSON.stringify(client), String(client)];
    for (const look of looks) assert.ok(!look.includes('0123456789'));
  }
});

test('the nodes that must have a write are a header', () => {
  assert.equal(headersOf('t', undefined, { durability: 2 })['X-Durability'], '2');
  assert.equal(headersOf('t', undefined, {})['X-Durability'], undefined);
});

test('no-store is a header, and an option of fetch where that is accepted', (context) => {
  assert.equal(headersOf('t', undefined, { cache: 'no-store' })['Cache-Control'], 'no-store');
  assert.equal(headersOf('t', undefined, {})['Cache-Control'], undefined);
  assert.equal(acceptsCache(), true);
  context.mock.method(globalThis, 'Request', function refuse() {
    throw new Error("The 'cache' field on 'RequestInitializerDict' is not implemented.");
  });
  assert.equal(acceptsCache(), false);
});
