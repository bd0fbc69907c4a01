import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './api.ts';
import { type Answer, createClient, isProblem } from './client.ts';
import { VALUE_TEXTS } from './texts.ts';

/** The calls under `/api/kv` on keys. `open` gives the server under test, whose tenants' data starts empty. */
export function kvSuite(name: string, open: () => Api): void {
  const property = (what: string, check: (api: Api) => Promise<void>) => test(`${name}: ${what}`, () => check(open()));
  const { call, get, put, post } = createClient(open);
  let names = 0;
  const fresh = () => `kv-${++names}`;
  /** What a call answers, as text. */
  const told = async (path: string, token: string, body: unknown): Promise<string> => {
    const answer = await post(`/api/kv/${path}`, token, body);
    assert.equal(answer.status, 200, answer.text);
    return answer.text;
  };
  const calls: [string, Record<string, unknown>][] = [
    ['get', { key: 'k' }],
    ['set', { key: 'k', value: 1 }],
    ['del', { keys: ['k'] }],
    ['incr', { key: 'k' }],
    ['expire', { key: 'k', seconds: 1 }],
    ['ttl', { key: 'k' }],
    ['keys', { pattern: '*' }],
  ];

  property('a value is set, read and deleted; what is missing is null and never 404', async (api) => {
    const token = api.tenant(fresh());
    assert.equal(await told('get', token, { key: 'user:1' }), '{"value":null}');
    assert.equal(await told('set', token, { key: 'user:1', value: { role: 'admin' } }), '{"result":"OK"}');
    assert.equal(await told('get', token, { key: 'user:1' }), '{"value":{"role":"admin"}}');
    assert.equal(await told('del', token, { keys: ['user:1', 'user:2'] }), '{"deleted":1}');
    assert.equal(await told('del', token, { keys: ['user:1'] }), '{"deleted":0}');
    assert.equal(await told('del', token, { keys: [] }), '{"deleted":0}');
    assert.equal(await told('get', token, { key: 'user:1' }), '{"value":null}');
  });

  property('values are kept to the byte, and are those of the other surface', async (api) => {
    const token = api.tenant(fresh());
    for (const text of VALUE_TEXTS) {
      await told('set', token, `{"value": ${text} ,"key":"k"}`);
      assert.equal(await told('get', token, { key: 'k' }), `{"value":${text}}`);
      assert.equal((await get('k', token)).text, `{"key":"k","value":${text},"expires_at":null}`);
    }
    const largest = `"${'x'.repeat(262_142)}"`;
    await told('set', token, `{"key":"k","value":${largest}}`);
    assert.equal(await told('get', token, { key: 'k' }), `{"value":${largest}}`);
    const tooLarge = `{"key":"k","value":"${'x'.repeat(262_143)}"}`;
    isProblem(await post('/api/kv/set', token, tooLarge), 413, 'payload_too_large', /262144/);
  });

  property('ex and px give an expiry, and a set without them takes it away', async (api) => {
    const token = api.tenant(fresh());
    await told('set', token, { key: 'k', value: 1, ex: 100 });
    assert.match(await told('ttl', token, { key: 'k' }), /^\{"ttl":(100|99)\}$/);
    await told('set', token, { key: 'k', value: 1, px: 50_000 });
    assert.match(await told('ttl', token, { key: 'k' }), /^\{"ttl":(50|49)\}$/);
    await told('set', token, { key: 'k', value: 1 });
    assert.equal(await told('ttl', token, { key: 'k' }), '{"ttl":-1}');
    await told('set', token, { key: 'brief', value: 1, px: 40 });
    await sleep(80);
    assert.equal(await told('get', token, { key: 'brief' }), '{"value":null}');
    for (const expiry of [{ ex: Number.MAX_SAFE_INTEGER }, { px: Number.MAX_SAFE_INTEGER }]) {
      await told('set', token, { key: 'far', value: 1, ...expiry });
      assert.ok(JSON.parse(await told('ttl', token, { key: 'far' })).ttl > 9e12);
    }
  });

  property('nx writes only where there is no key, xx only where there is one', async (api) => {
    const token = api.tenant(fresh());
    assert.equal(await told('set', token, { key: 'k', value: 1, xx: true }), '{"result":null}');
    assert.equal(await told('get', token, { key: 'k' }), '{"value":null}');
    assert.equal(await told('set', token, { key: 'k', value: 1, nx: true, ex: 60 }), '{"result":"OK"}');
    assert.equal(await told('set', token, { key: 'k', value: 2, nx: true }), '{"result":null}');
    assert.equal(await told('get', token, { key: 'k' }), '{"value":1}');
    assert.equal(await told('set', token, { key: 'k', value: 3, xx: true, nx: false }), '{"result":"OK"}');
    assert.equal(await told('ttl', token, { key: 'k' }), '{"ttl":-1}');
  });

  property('incr adds to a number, and creates one', async (api) => {
    const token = api.tenant(fresh());
    assert.equal(await told('incr', token, { key: 'n' }), '{"value":1}');
    assert.equal(await told('incr', token, { key: 'n', amount: 41 }), '{"value":42}');
    assert.equal(await told('incr', token, { key: 'n', amount: -50 }), '{"value":-8}');
    assert.equal(await told('incr', token, { key: 'n', amount: 0.5 }), '{"value":-7.5}');
    await put('text', token, '{"value":"5"}');
    isProblem(await post('/api/kv/incr', token, { key: 'text' }), 409, 'not_a_number');
    await put('most', token, `{"value":${Number.MAX_SAFE_INTEGER}}`);
    isProblem(await post('/api/kv/incr', token, { key: 'most' }), 409, 'overflow');
    assert.equal(await told('get', token, { key: 'most' }), `{"value":${Number.MAX_SAFE_INTEGER}}`);
  });

  property('expire and ttl tell whether there is a key', async (api) => {
    const token = api.tenant(fresh());
    assert.equal(await told('expire', token, { key: 'k', seconds: 60 }), '{"result":0,"success":false}');
    assert.equal(await told('ttl', token, { key: 'k' }), '{"ttl":-2}');
    await told('set', token, { key: 'k', value: 1 });
    assert.equal(await told('ttl', token, { key: 'k' }), '{"ttl":-1}');
    assert.equal(await told('expire', token, { key: 'k', seconds: 60 }), '{"result":1,"success":true}');
    assert.match(await told('ttl', token, { key: 'k' }), /^\{"ttl":(60|59)\}$/);
    const far = { key: 'k', seconds: Number.MAX_SAFE_INTEGER };
    assert.equal(await told('expire', token, far), '{"result":1,"success":true}');
    for (const seconds of [0, -1, -Number.MAX_SAFE_INTEGER]) {
      await told('set', token, { key: 'k', value: 1 });
      assert.equal(await told('expire', token, { key: 'k', seconds }), '{"result":1,"success":true}');
      assert.equal(await told('ttl', token, { key: 'k' }), '{"ttl":-2}');
    }
  });

  property('keys takes a Redis glob', async (api) => {
    const token = api.tenant(fresh());
    const all = ['user:1:session', 'user:2:session', 'user:2:cache', 'a*b', 'axb', 'ключ', '[x]'];
    for (const key of all) await told('set', token, { key, value: 1 });
    const cases: [string, string[]][] = [
      ['*', all],
      ['user:*:session', ['user:1:session', 'user:2:session']],
      ['user:?:cache', ['user:2:cache']],
      ['user:[1]:*', ['user:1:session']],
      ['user:[^1]:*', ['user:2:session', 'user:2:cache']],
      ['a*b', ['a*b', 'axb']],
      ['a\\*b', ['a*b']],
      ['\\[x\\]', ['[x]']],
      ['кл*', ['ключ']],
      ['axb', ['axb']],
      ['nothing', []],
      ['USER:*', []],
    ];
    for (const [pattern, expected] of cases) {
      const answer = JSON.parse(await told('keys', token, { pattern }));
      assert.deepEqual(Object.keys(answer), ['keys']);
      assert.deepEqual(answer.keys.sort(), expected.sort(), pattern);
    }
  });

  property('keys gives 10,000 names at most, and says that there are more', async (api) => {
    const token = api.tenant(fresh());
    const fill = async (from: number, to: number) => {
      for (let i = from; i < to; i += 100) {
        const ops = Array.from({ length: 100 }, (_, j) => ({ op: 'set', key: `k${i + j}`, value: 1 }));
        await post('/infra/kv', token, { ops });
      }
    };
    await fill(0, 10_000);
    const full = JSON.parse(await told('keys', token, { pattern: 'k*' }));
    assert.equal(new Set(full.keys).size, 10_000);
    assert.deepEqual(Object.keys(full), ['keys']);
    await fill(10_000, 10_100);
    const more = JSON.parse(await told('keys', token, { pattern: 'k*' }));
    assert.equal(new Set(more.keys).size, 10_000);
    assert.equal(more.truncated, true);
    const few = JSON.parse(await told('keys', token, { pattern: 'k1009?' }));
    assert.equal(few.keys.length, 10);
    assert.equal(few.truncated, undefined);
  });

  property('a wrong body is 400 and names the field', async (api) => {
    const token = api.tenant(fresh());
    const cases: [string, unknown, RegExp][] = [
      ['get', {}, /key/],
      ['get', { key: 1 }, /key/],
      ['get', { key: '' }, /key/],
      ['get', { key: 'a..b' }, /key/],
      ['get', { key: 'a\n' }, /key/],
      ['get', '{"key":"\\ud800"}', /key/],
      ['get', { key: 'k'.repeat(513) }, /longer than 512/],
      ['get', { key: 'k', value: 1 }, /"value"/],
      ['get', '{"key":"k","key":"l"}', /"key" occurs twice/],
      ['get', '', /key/],
      ['get', '[]', /must be a JSON object/],
      ['get', '{"key":', /not valid JSON/],
      ['set', { key: 'k' }, /value/],
      ['set', { value: 1 }, /key/],
      ['set', { key: 'k', value: 1, ex: 1, px: 1 }, /ex and px/],
      ['set', { key: 'k', value: 1, nx: true, xx: true }, /nx and xx/],
      ['set', { key: 'k', value: 1, ex: 0 }, /ex/],
      ['set', { key: 'k', value: 1, ex: 1.5 }, /ex/],
      ['set', { key: 'k', value: 1, px: -1 }, /px/],
      ['set', { key: 'k', value: 1, px: '5' }, /px/],
      ['set', { key: 'k', value: 1, ex: 2 ** 53 }, /ex/],
      ['set', { key: 'k', value: 1, nx: 1 }, /nx/],
      ['set', { key: 'k', value: 1, xx: 'true' }, /xx/],
      ['set', { key: 'k', value: 1, ttl: 5 }, /"ttl"/],
      ['set', `{"key":"k","value":${'['.repeat(513)}${']'.repeat(513)}}`, /512 levels/],
      ['set', '{"key":"k","value":1,"__proto__":{}}', /"__proto__"/],
      ['del', {}, /keys/],
      ['del', { keys: 'k' }, /keys/],
      ['del', { keys: [1] }, /key/],
      ['del', { keys: ['k', 'a..b'] }, /key/],
      ['incr', { key: 'k', amount: '1' }, /amount/],
      ['incr', { key: 'k', amount: 2 ** 53 }, /amount/],
      ['incr', { key: 'k', delta: 1 }, /"delta"/],
      ['expire', { key: 'k' }, /seconds/],
      ['expire', { key: 'k', seconds: 1.5 }, /seconds/],
      ['expire', { key: 'k', seconds: 2 ** 53 }, /seconds/],
      ['expire', { key: 'k', seconds: null }, /seconds/],
      ['ttl', { keys: ['k'] }, /"keys"/],
      ['keys', {}, /pattern/],
      ['keys', { pattern: '' }, /pattern/],
      ['keys', { pattern: 7 }, /pattern/],
      ['keys', '{"pattern":"\\ud800"}', /pattern/],
      ['keys', { pattern: '*'.repeat(513) }, /pattern/],
    ];
    for (const [path, body, detail] of cases) {
      isProblem(await post(`/api/kv/${path}`, token, body), 400, 'bad_request', detail);
    }
    for (const [path, body] of calls) {
      const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'text/plain' } };
      isProblem(await call(`/api/kv/${path}`, token, init), 415, 'unsupported_media_type');
    }
  });

  property('each call needs its scope, and a token', async (api) => {
    const namespace = fresh();
    const reader = api.tenant(namespace, { token: { name: 'r', scopes: ['kv:read'] } });
    const writer = api.tenant(namespace, { token: { name: 'w', scopes: ['kv:write'] } });
    const reads = ['get', 'ttl', 'keys'];
    for (const [path, body] of calls) {
      const [may, mayNot] = reads.includes(path) ? [reader, writer] : [writer, reader];
      const scope = reads.includes(path) ? /kv:read/ : /kv:write/;
      assert.equal((await post(`/api/kv/${path}`, may, body)).status, 200, path);
      isProblem(await post(`/api/kv/${path}`, mayNot, body), 403, 'forbidden', scope);
      isProblem(await call(`/api/kv/${path}`, undefined, { method: 'POST' }), 401, 'unauthorized');
    }
  });

  property('project and deployment tokens ignore project_id, an API key needs it', async (api) => {
    const [namespace, other] = [fresh(), fresh()];
    api.tenant(other);
    const store = { projectId: '77' };
    const bound = [
      api.tenant(namespace, { store }),
      api.tenant(namespace, { store, token: { name: 'd', type: 'Deployment' } }),
    ];
    const key = api.tenant(`${namespace}-keys`, { token: { name: 'key', type: 'ApiKey', namespace } });
    const missing: Answer[] = [];
    for (const [path, body] of calls) {
      for (const token of bound) {
        const answer = await post(`/api/kv/${path}`, token, { ...body, project_id: `project-${other}` });
        assert.equal(answer.status, 200, answer.text);
      }
      for (const id of [77, '77']) {
        assert.equal((await post(`/api/kv/${path}`, key, { ...body, project_id: id })).status, 200, path);
      }
      assert.equal((await post(`/api/kv/${path}?project_id=77`, key, body)).status, 200, path);
      isProblem(await post(`/api/kv/${path}`, key, body), 400, 'project_required');
      missing.push(await post(`/api/kv/${path}`, key, { ...body, project_id: `project-${other}` }));
    }
    for (const answer of missing) isProblem(answer, 404, 'not_found', /no such project/);
  });
}
