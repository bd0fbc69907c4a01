import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Api } from './api.ts';
import { createClient, isProblem } from './client.ts';
import { VALUE_TEXTS } from './texts.ts';

/** `POST /infra/kv`. `open` gives the server under test, whose tenants' data starts empty. */
export function batchSuite(name: string, open: () => Api): void {
  const property = (what: string, check: (api: Api) => Promise<void>) => test(`${name}: ${what}`, () => check(open()));
  const { call, get, put, post } = createClient(open);
  const batch = (token: string, ops: unknown) => post('/infra/kv', token, { ops });
  let names = 0;
  const fresh = () => `batch-${++names}`;

  property('operations run in order, and each has its result', async (api) => {
    const token = api.tenant(fresh());
    await put('old', token, '{"value":"o"}');
    const answer = await batch(token, [
      { op: 'get', key: 'new' },
      { op: 'set', key: 'new', value: { userId: 'u_456' } },
      { op: 'get', key: 'new' },
      { op: 'delete', key: 'old' },
      { op: 'get', key: 'old' },
      { op: 'delete', key: 'old' },
      { op: 'set', key: 'new', value: null, ttl: 60 },
      { op: 'get', key: 'new' },
    ]);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json, {
      results: [
        { key: 'new', value: null, status: 'not_found' },
        { key: 'new', value: { userId: 'u_456' }, status: 'ok' },
        { key: 'new', value: { userId: 'u_456' }, status: 'ok' },
        { key: 'old', value: null, status: 'ok' },
        { key: 'old', value: null, status: 'not_found' },
        { key: 'old', value: null, status: 'not_found' },
        { key: 'new', value: null, status: 'ok' },
        { key: 'new', value: null, status: 'ok' },
      ],
    });
    assert.notEqual((await get('new', token)).json.expires_at, null);
    assert.equal((await batch(token, [])).text, '{"results":[]}');
  });

  property('values are kept to the byte, small and large', async (api) => {
    const token = api.tenant(fresh());
    const texts = [...VALUE_TEXTS, `"${'é'.repeat(1000)}"`, `[${'1 ,'.repeat(5000)}2]`];
    const ops = texts.map((text, i) => `{ "value" : ${text} , "key":"k${i}", "op":"set" }`);
    const written = await post('/infra/kv', token, `{"ops":[ ${ops.join(' , ')} ]}`);
    const expected = texts.map((text, i) => `{"key":"k${i}","value":${text},"status":"ok"}`);
    assert.equal(written.text, `{"results":[${expected.join(',')}]}`);
    const read = await batch(
      token,
      texts.map((_, i) => ({ op: 'get', key: `k${i}` })),
    );
    assert.equal(read.text, written.text);
    for (const [i, text] of texts.entries()) {
      assert.equal((await get(`k${i}`, token)).text, `{"key":"k${i}","value":${text},"expires_at":null}`);
    }
  });

  property('keys are those of the single calls', async (api) => {
    const token = api.tenant(fresh());
    const keys = ['a/b/c', 'x/increment', 'ключ', '\u{1f511}', '%2F', '*', '"\\', 'é'.repeat(512), '__proto__', 'op'];
    const answer = await batch(
      token,
      keys.map((key) => ({ op: 'set', key, value: key })),
    );
    assert.deepEqual(
      (answer.json.results as { key: string }[]).map(({ key }) => key),
      keys,
    );
    for (const key of keys) assert.equal((await get(key, token)).json.value, key);
  });

  property('what is wrong with any operation refuses the whole, and nothing of it runs', async (api) => {
    const token = api.tenant(fresh());
    const good = '{"op":"set","key":"good","value":1}';
    const cases: [string, RegExp][] = [
      ['{"op":"set","key":"k"}', /ops\[1\]\.value/],
      ['{"op":"put","key":"k","value":1}', /ops\[1\]\.op/],
      ['{"key":"k","value":1}', /ops\[1\]\.op/],
      ['{"op":"get"}', /ops\[1\]\.key/],
      ['{"op":"get","key":1}', /ops\[1\]\.key/],
      ['{"op":"get","key":""}', /ops\[1\]\.key/],
      ['{"op":"get","key":"a..b"}', /ops\[1\]\.key/],
      ['{"op":"get","key":"a\\u0000"}', /ops\[1\]\.key/],
      ['{"op":"get","key":"\\ud800"}', /ops\[1\]\.key/],
      [`{"op":"get","key":"${'k'.repeat(513)}"}`, /ops\[1\]\.key/],
      ['{"op":"set","key":"k","value":1,"ttl":0}', /ops\[1\]\.ttl/],
      ['{"op":"set","key":"k","value":1,"ttl":1.5}', /ops\[1\]\.ttl/],
      ['{"op":"set","key":"k","value":1,"ttl":"60"}', /ops\[1\]\.ttl/],
      ['{"op":"set","key":"k","value":1,"ttl":9007199254740992}', /ops\[1\]\.ttl/],
      ['{"op":"set","key":"k","value":1,"nx":true}', /ops\[1\].*"nx"/],
      ['{"op":"set","key":"k","value":1,"__proto__":1}', /ops\[1\].*"__proto__"/],
      ['{"op":"set","key":"k","key":"l","value":1}', /"key" occurs twice/],
      ['{"op":"set","key":"k","value":1,"valu\\u0065":2}', /"value" occurs twice/],
      ['null', /ops\[1\] must be an object/],
      ['[]', /ops\[1\] must be an object/],
      [`{"op":"set","key":"k","value":${'['.repeat(513)}${']'.repeat(513)}}`, /512 levels/],
    ];
    for (const [op, detail] of cases) {
      isProblem(await post('/infra/kv', token, `{"ops":[${good},${op}]}`), 400, 'bad_request', detail);
    }
    const bodies: [string, RegExp][] = [
      ['', /ops/],
      ['{}', /ops/],
      ['{"ops":null}', /ops/],
      ['{"ops":{}}', /ops/],
      [`{"ops":[${good}],"atomic":true}`, /"atomic"/],
      [`{"ops":[${good}],"ops":[]}`, /"ops" occurs twice/],
      [`{"ops":[${good}]`, /not valid JSON/],
      [`{"ops":[${good},]}`, /not valid JSON/],
      [`{"ops":[${Array(101).fill(good).join()}]}`, /more than 100/],
      [`[${good}]`, /must be a JSON object/],
    ];
    for (const [body, detail] of bodies) isProblem(await post('/infra/kv', token, body), 400, 'bad_request', detail);
    const large = `{"op":"set","key":"k","value":"${'x'.repeat(262_143)}"}`;
    const tooLarge = await post('/infra/kv', token, `{"ops":[${good},${large}]}`);
    isProblem(tooLarge, 413, 'payload_too_large', /ops\[1\]\.value has 262145 bytes/);
    isProblem(await get('good', token), 404, 'not_found');
    const type = { method: 'POST', body: `{"ops":[${good}]}`, headers: { 'content-type': 'text/plain' } };
    isProblem(await call('/infra/kv', token, type), 415, 'unsupported_media_type');
  });

  property('value and ttl are allowed where they mean nothing', async (api) => {
    const answer = await batch(api.tenant(fresh()), [{ op: 'get', key: 'k', value: 1, ttl: 5 }]);
    assert.deepEqual(answer.json.results, [{ key: 'k', value: null, status: 'not_found' }]);
  });

  property('it needs kv:read where it gets, and kv:write where it sets or deletes', async (api) => {
    const namespace = fresh();
    const reader = api.tenant(namespace, { token: { name: 'r', scopes: ['kv:read'] } });
    const writer = api.tenant(namespace, { token: { name: 'w', scopes: ['kv:write'] } });
    const set = { op: 'set', key: 'k', value: 1 };
    const read = { op: 'get', key: 'k' };
    const remove = { op: 'delete', key: 'k' };
    isProblem(await batch(reader, [read, set]), 403, 'forbidden', /kv:write/);
    isProblem(await batch(reader, [remove]), 403, 'forbidden', /kv:write/);
    isProblem(await batch(writer, [set, read]), 403, 'forbidden', /kv:read/);
    assert.equal((await batch(writer, [remove, set])).status, 200);
    assert.equal((await batch(reader, [read])).status, 200);
    isProblem(await call('/infra/kv', undefined, { method: 'POST' }), 401, 'unauthorized');
  });

  property('an API key names its project beside the operations', async (api) => {
    const namespace = fresh();
    api.tenant(namespace);
    const key = api.tenant(`${namespace}-keys`, { token: { type: 'ApiKey', namespace } });
    const ops = [{ op: 'set', key: 'k', value: 1 }];
    isProblem(await post('/infra/kv', key, { ops }), 400, 'project_required');
    assert.equal((await post('/infra/kv', key, { ops, project_id: `project-${namespace}` })).status, 200);
    assert.equal((await post(`/infra/kv?project_id=project-${namespace}`, key, { ops })).status, 200);
  });

  property('the largest batch is written and read: 100 values of 262,144 bytes', async (api) => {
    const token = api.tenant(fresh());
    const value = (i: number) => `"${String(i).padStart(262_142, 'x')}"`;
    const all = Array.from({ length: 100 }, (_, i) => i);
    const key = (i: number) => `${'\\ud83d\\udd11'.repeat(509)}${String(i).padStart(3, '0')}`;
    const body = `{"ops":[${all.map((i) => `{"op":"set","key":"${key(i)}","value":${value(i)},"ttl":9007199254740991}`)}]}`;
    const written = await post('/infra/kv', token, body);
    assert.equal(written.status, 200, written.text.slice(0, 300));
    const read = await post('/infra/kv', token, `{"ops":[${all.map((i) => `{"op":"get","key":"${key(i)}"}`)}]}`);
    for (const answer of [written, read]) {
      const results = answer.json.results as { status: string; value: string }[];
      assert.ok(results.every(({ status, value: got }, i) => status === 'ok' && JSON.stringify(got) === value(i)));
    }
    await post('/infra/kv', token, `{"ops":[${all.map((i) => `{"op":"delete","key":"${key(i)}"}`)}]}`);
  });
}
