import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashToken } from '../../../contract/token.ts';
import { type Api, BODY_BYTES } from './api.ts';
import { createClient, isProblem } from './client.ts';
import { VALUE_TEXTS } from './texts.ts';

/** Keys, values, bodies and what every answer has. `open` gives the server under test, whose tenants' data starts empty. */
export function valuesSuite(name: string, open: () => Api): void {
  const property = (what: string, check: (api: Api) => Promise<void>) => test(`${name}: ${what}`, () => check(open()));
  const { call, get, put, remove } = createClient(open);
  let names = 0;
  const fresh = () => `values-${++names}`;

  property('a value is written, read and deleted', async (api) => {
    const token = api.tenant(fresh());
    const written = await put('session:u_1', token, '{"value":{"userId":"u_1","role":"admin"}}');
    assert.equal(written.status, 200);
    assert.deepEqual(written.json, { key: 'session:u_1', value: { userId: 'u_1', role: 'admin' }, expires_at: null });
    const read = await get('session:u_1', token);
    assert.equal(read.text, written.text);
    assert.equal(read.headers.get('content-type'), 'application/json');
    assert.equal(read.headers.get('cache-control'), 'no-store');
    const deleted = await remove('session:u_1', token);
    assert.deepEqual(deleted.json, { key: 'session:u_1', deleted: true, status: 'ok' });
    isProblem(await get('session:u_1', token), 404, 'not_found', /no such key/);
    isProblem(await remove('session:u_1', token), 404, 'not_found', /no such key/);
  });

  property('value text comes back byte for byte', async (api) => {
    const token = api.tenant(fresh());
    for (const text of VALUE_TEXTS) {
      const expected = `{"key":"k","value":${text},"expires_at":null}`;
      assert.equal(
        (await put('k', token, `{ "ttl" : null , "value": ${text} }`.replace(' "ttl" : null ,', ''))).text,
        expected,
      );
      assert.equal((await get('k', token)).text, expected);
    }
  });

  property('a key of any allowed characters is read back, and is the same encoded or not', async (api) => {
    const token = api.tenant(fresh());
    const keys = [
      'a/b/c',
      'x/increment',
      'ключ',
      '\u{1f511}',
      'a b+c?d#e%f&g',
      '%2F',
      '*',
      '"\\',
      'é'.repeat(512),
      '/',
      '//',
      '__proto__',
    ];
    for (const key of keys) {
      assert.equal((await put(key, token, `{"value":${JSON.stringify(key)}}`)).json.key, key);
    }
    for (const key of keys) assert.equal((await get(key, token)).json.value, key);
    assert.equal((await call('/infra/kv/a/b/c', token)).json.value, 'a/b/c');
    assert.equal((await call('/infra/kv/a%2fb/c', token)).json.value, 'a/b/c');
    assert.equal((await call('/infra/kv/x/increment', token, { method: 'DELETE' })).status, 200);
  });

  property('a bad key is 400 for every method', async (api) => {
    const token = api.tenant(fresh());
    for (const path of [
      '',
      'a%00',
      'a%0A',
      '%7F',
      'a..b',
      'a%2e%2Eb',
      '%',
      '%zz',
      '%ff',
      '%ed%a0%80',
      'k'.repeat(513),
    ]) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const body = method === 'PUT' ? { body: '{"value":1}', headers: { 'content-type': 'application/json' } } : {};
        isProblem(await call(`/infra/kv/${path}`, token, { method, ...body }), 400, 'bad_request', /key/);
      }
    }
  });

  property('ttl gives an expiry, which reading then tells', async (api) => {
    const token = api.tenant(fresh());
    const written = await put('k', token, '{"value":1,"ttl":100}');
    const expiry = String(written.json.expires_at);
    assert.match(expiry, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Math.abs(Date.parse(expiry) - Date.now() - 100_000) < 5000);
    assert.equal((await get('k', token)).text, written.text);
    assert.equal((await put('k', token, '{"value":1}')).json.expires_at, null);
  });

  property('the longest ttl is taken and told as the last moment of the year 9999', async (api) => {
    const token = api.tenant(fresh());
    for (const ttl of ['9007199254740991', '300000000000']) {
      const written = await put('k', token, `{"value":1,"ttl":${ttl}}`);
      assert.equal(written.json.expires_at, '9999-12-31T23:59:59.999Z');
      assert.equal((await get('k', token)).text, written.text);
    }
  });

  property('if_not_exists is 409 where the key exists, and leaves it', async (api) => {
    const token = api.tenant(fresh());
    assert.equal((await put('k', token, '{"value":1,"if_not_exists":true}')).status, 200);
    isProblem(await put('k', token, '{"value":2,"if_not_exists":true}'), 409, 'conflict');
    assert.equal((await get('k', token)).json.value, 1);
    assert.equal((await put('k', token, '{"value":3,"if_not_exists":false}')).status, 200);
  });

  property('a wrong body is 400 and says what is wrong with it', async (api) => {
    const token = api.tenant(fresh());
    const cases: [string | Buffer, RegExp][] = [
      ['{"value":1', /not valid JSON/],
      ['', /the field value/],
      ['{}', /the field value/],
      ['[1]', /must be a JSON object/],
      ['{"value":1,"tll":5}', /"tll"/],
      ['{"value":1,"__proto__":5}', /"__proto__"/],
      ['{"value":1,"value":2}', /"value" occurs twice/],
      ['{"value":1,"ttl":0}', /ttl/],
      ['{"value":1,"ttl":-1}', /ttl/],
      ['{"value":1,"ttl":1.5}', /ttl/],
      ['{"value":1,"ttl":"60"}', /ttl/],
      ['{"value":1,"ttl":null}', /ttl/],
      ['{"value":1,"ttl":9007199254740992}', /ttl/],
      ['{"value":1,"if_not_exists":"yes"}', /if_not_exists/],
      [Buffer.from('{"value":"\xff"}', 'latin1'), /UTF-8/],
      [`{"value":${'['.repeat(513)}${']'.repeat(513)}}`, /512 levels/],
    ];
    for (const [body, detail] of cases) isProblem(await put('k', token, body), 400, 'bad_request', detail);
    isProblem(await get('k', token), 404, 'not_found');
    assert.equal((await put('k', token, `{"value":${'['.repeat(512)}${']'.repeat(512)}}`)).status, 200);
  });

  property('a value of 262,144 bytes is taken, one byte more is 413', async (api) => {
    const token = api.tenant(fresh());
    const value = (bytes: number) => `{"value":"${'x'.repeat(bytes - 2)}","ttl":50}`;
    assert.equal((await put('k', token, value(262_144))).status, 200);
    assert.equal(String((await get('k', token)).json.value).length, 262_142);
    isProblem(await put('k', token, value(262_145)), 413, 'payload_too_large', /262144/);
    isProblem(await put('k', token, value(1_000_000)), 413, 'payload_too_large', new RegExp(String(BODY_BYTES)));
    const multibyte = `{"value":"${'é'.repeat(131_072)}"}`;
    isProblem(await put('k', token, multibyte), 413, 'payload_too_large', /262146 bytes/);
  });

  property('a body that is not declared as JSON is 415', async (api) => {
    const token = api.tenant(fresh());
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      '',
      'application/json; charset=latin1',
      'application/jsonp',
    ]) {
      isProblem(await put('k', token, Buffer.from('{"value":1}'), type), 415, 'unsupported_media_type');
    }
    for (const type of ['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"']) {
      assert.equal((await put('k', token, '{"value":1}', type)).status, 200, type);
    }
  });

  property('an unknown route is 404, and a known one with another method 405 that names those it has', async (api) => {
    const token = api.tenant(fresh());
    for (const path of ['/', '/infra', '/infra/KV/a', '/infra/kvx', '/INFRA/kv/a', '/metrics', '/livez/']) {
      isProblem(await call(path, token), 404, 'not_found', /route/);
    }
    const allowed: [string, string, string][] = [
      ['POST', '/infra/kv/k', 'DELETE, GET, PUT'],
      ['PATCH', '/infra/kv/k/increment', 'DELETE, GET, POST, PUT'],
      ['OPTIONS', '/infra/kv', 'GET, POST'],
      ['PUT', '/infra/kv', 'GET, POST'],
      ['GET', '/api/kv/get', 'POST'],
    ];
    for (const [method, path, methods] of allowed) {
      const answer = await call(path, token, { method });
      isProblem(answer, 405, 'method_not_allowed', new RegExp(methods));
      assert.equal(answer.headers.get('allow')?.split(', ').sort().join(', '), methods);
    }
  });

  property('a sane request id is kept, another replaced', async (api) => {
    const token = api.tenant(fresh());
    const id = async (value: string) =>
      (await call('/infra/kv/k', token, { headers: { 'x-request-id': value } })).headers.get('x-request-id');
    assert.equal(await id('Abc-1.2_3'), 'Abc-1.2_3');
    for (const bad of ['a b', 'x'.repeat(129), '<script>', '"', ''])
      assert.match((await id(bad)) ?? '', /^[0-9a-f-]{36}$/);
  });

  property('no log line and no metric holds a key, a value or a token', async (api) => {
    const token = api.tenant(fresh());
    const secrets = ['sekretkey', 'sekretvalue', token, hashToken(token), 'sekretquery'];
    await put('sekretkey', token, '{"value":"sekretvalue"}');
    await put('sekretkey', token, '{"value":"sekretvalue","sekretkey":1}');
    await call('/infra/kv/sekretkey?project_id=sekretquery', token);
    await call('/infra/kv/sekretkey', `${token}x`);
    await remove('sekretkey', token);
    const told = api.logged() + (await api.metrics.registry.metrics());
    for (const secret of secrets) assert.ok(!told.includes(secret), secret);
    assert.ok(api.logged().includes('"route":"/infra/kv/{key}"'), 'there is a log to look at');
  });
}
