import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Api } from './api.ts';
import { createClient, isProblem } from './client.ts';

/** `POST /infra/kv/{key}/increment`. `open` gives the server under test, whose tenants' data starts empty. */
export function incrementSuite(name: string, open: () => Api): void {
  const property = (what: string, check: (api: Api) => Promise<void>) => test(`${name}: ${what}`, () => check(open()));
  const { call, get, put, post } = createClient(open);
  const increment = (key: string, token: string, body: unknown = {}) =>
    post(`/infra/kv/${encodeURIComponent(key)}/increment`, token, body);
  let names = 0;
  const fresh = () => `increment-${++names}`;

  property('a key that does not exist counts as 0, and 1 is added where nothing is said', async (api) => {
    const token = api.tenant(fresh());
    const first = await increment('n', token);
    assert.equal(first.status, 200);
    assert.equal(first.text, '{"key":"n","value":1,"expires_at":null,"status":"ok"}');
    assert.equal((await call('/infra/kv/n/increment', token, { method: 'POST' })).json.value, 2, 'no body at all');
    assert.equal((await increment('n', token, { delta: 40 })).json.value, 42);
    assert.equal((await increment('n', token, { delta: -50 })).json.value, -8);
    assert.equal((await increment('n', token, { delta: 0 })).json.value, -8);
    assert.equal((await get('n', token)).json.value, -8);
  });

  property('the key is all of the path in between, encoded or not', async (api) => {
    const token = api.tenant(fresh());
    for (const path of ['a/b', 'a%2Fb', 'a/increment', 'increment']) {
      assert.equal((await post(`/infra/kv/${path}/increment`, token, {})).status, 200, path);
    }
    assert.equal((await get('a/b', token)).json.value, 2);
    assert.equal((await get('a/increment', token)).json.value, 1);
    assert.equal((await get('increment', token)).json.value, 1);
    for (const path of ['', 'a..b', 'a%00', 'k'.repeat(513)]) {
      isProblem(await post(`/infra/kv/${path}/increment`, token, {}), 400, 'bad_request', /key/);
    }
  });

  property('fractions are added, to whole numbers too', async (api) => {
    const token = api.tenant(fresh());
    assert.equal((await increment('f', token, { delta: 0.5 })).json.value, 0.5);
    assert.equal((await increment('f', token, { delta: 1 })).json.value, 1.5);
    assert.equal((await increment('f', token, { delta: -2.25 })).json.value, -0.75);
    await put('w', token, '{"value":10}');
    assert.equal((await increment('w', token, { delta: 0.25 })).json.value, 10.25);
    await put('e', token, '{"value":5e2}');
    assert.equal((await increment('e', token, { delta: 1 })).json.value, 501);
  });

  property('a ttl holds where the call creates the key, and only there', async (api) => {
    const token = api.tenant(fresh());
    const created = await increment('limit', token, { ttl: 60 });
    const expiry = String(created.json.expires_at);
    assert.ok(Math.abs(Date.parse(expiry) - Date.now() - 60_000) < 5000);
    const again = await increment('limit', token, { ttl: 6000 });
    assert.equal(again.json.value, 2);
    assert.equal(again.json.expires_at, expiry);
    assert.equal((await increment('limit', token)).json.expires_at, expiry);
    await put('kept', token, '{"value":1}');
    assert.equal((await increment('kept', token, { ttl: 60 })).json.expires_at, null);
    const fraction = await increment('fraction', token, { delta: 0.5, ttl: 60 });
    assert.notEqual(fraction.json.expires_at, null);
  });

  property('what is no number is 409 not_a_number, and stays as it is', async (api) => {
    const token = api.tenant(fresh());
    for (const value of ['"5"', '"abc"', 'null', 'true', '[1]', '{"n":1}']) {
      await put('k', token, `{"value":${value}}`);
      for (const delta of [1, 0.5]) isProblem(await increment('k', token, { delta }), 409, 'not_a_number');
      assert.equal((await get('k', token)).text, `{"key":"k","value":${value},"expires_at":null}`);
    }
  });

  property('a sum beyond 2^53−1 is 409 overflow, and the number stays as it was', async (api) => {
    const token = api.tenant(fresh());
    const most = Number.MAX_SAFE_INTEGER;
    for (const [stored, delta] of [
      [String(most), 1],
      [String(most), most],
      [String(-most), -1],
      [String(most - 1), 1.5],
      ['9007199254740993', -1],
      ['99999999999999999999', -1],
    ] as const) {
      await put('k', token, `{"value":${stored}}`);
      isProblem(await increment('k', token, { delta }), 409, 'overflow');
      assert.equal(
        (await get('k', token)).text,
        `{"key":"k","value":${stored},"expires_at":null}`,
        `${stored}+${delta}`,
      );
    }
    await put('k', token, `{"value":${most - 1}}`);
    assert.equal((await increment('k', token)).json.value, most);
    assert.equal((await increment('low', token, { delta: -most })).json.value, -most);
  });

  property('a wrong body is 400, and nothing is added', async (api) => {
    const token = api.tenant(fresh());
    for (const [body, detail] of [
      ['{"delta":"1"}', /delta/],
      ['{"delta":null}', /delta/],
      ['{"delta":true}', /delta/],
      ['{"delta":1e400}', /delta/],
      ['{"delta":9007199254740992}', /delta/],
      ['{"delta":NaN}', /not valid JSON/],
      ['{"ttl":0}', /ttl/],
      ['{"ttl":1.5}', /ttl/],
      ['{"ttl":"60"}', /ttl/],
      ['{"by":1}', /"by"/],
      ['[]', /must be a JSON object/],
    ] as const) {
      isProblem(await increment('n', token, body), 400, 'bad_request', detail);
    }
    isProblem(await get('n', token), 404, 'not_found');
    const type = { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } };
    isProblem(await call('/infra/kv/n/increment', token, type), 415, 'unsupported_media_type');
  });

  property('of increments at the same time none is lost', async (api) => {
    const token = api.tenant(fresh());
    const answers = await Promise.all(Array.from({ length: 100 }, () => increment('n', token)));
    const values = answers.map(({ json }) => Number(json.value)).sort((a, b) => a - b);
    assert.deepEqual(
      values,
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
  });
}
