import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Api } from './api.ts';
import { type Answer, createClient, isProblem } from './client.ts';

/** `GET /infra/kv`. `open` gives the server under test, whose tenants' data starts empty. */
export function scanSuite(name: string, open: () => Api): void {
  const property = (what: string, check: (api: Api) => Promise<void>) => test(`${name}: ${what}`, () => check(open()));
  const { call, put, post, remove } = createClient(open);
  const scan = (token: string, query: Record<string, string | number> = {}) =>
    call(`/infra/kv?${new URLSearchParams(query as Record<string, string>)}`, token);
  let names = 0;
  const fresh = () => `scan-${++names}`;

  async function fill(token: string, keys: readonly string[]): Promise<void> {
    for (let i = 0; i < keys.length; i += 100) {
      const ops = keys.slice(i, i + 100).map((key) => ({ op: 'set', key, value: 1 }));
      assert.equal((await post('/infra/kv', token, { ops })).status, 200);
    }
  }

  /** All pages; `between` is told of each. */
  async function all(
    token: string,
    query: Record<string, string | number>,
    between: (page: Answer) => Promise<void> | void = () => {},
  ): Promise<string[]> {
    const keys: string[] = [];
    for (let cursor: string | undefined, pages = 0; pages < 2000; pages++) {
      const page = await scan(token, cursor === undefined ? query : { ...query, cursor });
      assert.equal(page.status, 200, page.text);
      assert.deepEqual(Object.keys(page.json), ['keys', 'next_cursor', 'status']);
      keys.push(...(page.json.keys as string[]));
      await between(page);
      if (page.json.next_cursor === null) return keys;
      cursor = String(page.json.next_cursor);
    }
    throw new Error('the scan has no end');
  }

  property('an empty store has no keys and no next page', async (api) => {
    const answer = await scan(api.tenant(fresh()));
    assert.equal(answer.status, 200);
    assert.equal(answer.text, '{"keys":[],"next_cursor":null,"status":"ok"}');
  });

  property('pages hold at most limit names, and together every key', async (api) => {
    const token = api.tenant(fresh());
    const keys = Array.from({ length: 250 }, (_, i) => `key:${i}`);
    await fill(token, keys);
    for (const limit of [1, 7, 100, 1000]) {
      const found = await all(token, { limit }, (page) => {
        assert.ok((page.json.keys as string[]).length <= limit);
      });
      assert.deepEqual(new Set(found), new Set(keys), `limit ${limit}`);
    }
    let sizes = 0;
    await all(token, {}, (page) => {
      sizes = Math.max(sizes, (page.json.keys as string[]).length);
    });
    assert.ok(sizes <= 100, 'a page has at most 100 names where nothing is said');
  });

  property('a prefix is taken literally, whatever it means to Redis', async (api) => {
    const token = api.tenant(fresh());
    const special = [
      '*',
      '?',
      '[a]',
      '[^a]',
      'a-c',
      '\\',
      '\\*',
      ']',
      'é',
      '\u{1f511}',
      ' ',
      '"',
      '%',
      '+',
      '&x=1',
      '{a}',
    ];
    await fill(token, [...special.flatMap((prefix) => [`${prefix}1`, `${prefix}2`]), 'a1', 'b1', 'other']);
    for (const prefix of special) {
      const expected = special.flatMap((other) => [`${other}1`, `${other}2`]).filter((key) => key.startsWith(prefix));
      assert.deepEqual((await all(token, { prefix })).sort(), expected.sort(), prefix);
    }
    assert.deepEqual(await all(token, { prefix: 'nothing' }), []);
    assert.equal((await all(token, { prefix: '' })).length, special.length * 2 + 3);
  });

  property('a key that is there throughout is seen, whatever comes and goes between the pages', async (api) => {
    const token = api.tenant(fresh());
    const stay = Array.from({ length: 300 }, (_, i) => `stay:${i}`);
    const leave = Array.from({ length: 700 }, (_, i) => `leave:${i}`);
    await fill(token, [...stay, ...leave]);
    let pages = 0;
    const found = await all(token, { limit: 90 }, async () => {
      pages++;
      if (pages > 12) return;
      await fill(
        token,
        Array.from({ length: 200 }, (_, i) => `come:${pages}:${i}`),
      );
      const ops = leave.splice(0, 60).map((key) => ({ op: 'delete', key }));
      await post('/infra/kv', token, { ops });
    });
    for (const key of stay) assert.ok(found.includes(key), key);
    assert.ok(pages >= 4, `there were changes between ${pages} pages`);
  });

  property('a cursor is good for its project and prefix, and for no other', async (api) => {
    const [token, other] = [api.tenant(fresh()), api.tenant(fresh())];
    const keys = Array.from({ length: 30 }, (_, i) => `p:${i}`);
    await fill(token, keys);
    await fill(other, keys);
    const cursor = String((await scan(token, { prefix: 'p', limit: 5 })).json.next_cursor);
    assert.match(cursor, /^[\w-]{1,200}$/);
    assert.equal((await scan(token, { prefix: 'p', cursor })).status, 200);
    assert.equal((await scan(token, { prefix: 'p', cursor, limit: 1000 })).status, 200, 'the limit may change');
    for (const bad of [
      await scan(other, { prefix: 'p', cursor }),
      await scan(token, { prefix: 'p:', cursor }),
      await scan(token, { cursor }),
      await scan(token, { prefix: 'p', cursor: `${cursor}x` }),
      await scan(token, { prefix: 'p', cursor: cursor.slice(1) }),
      await scan(token, { prefix: 'p', cursor: `${cursor}=` }),
      await scan(token, { prefix: 'p', cursor: '0' }),
      await scan(token, { prefix: 'p', cursor: '' }),
      await scan(token, { prefix: 'p', cursor: 'x'.repeat(5000) }),
    ]) {
      isProblem(bad, 400, 'bad_request', /bad cursor/);
    }
  });

  property('a wrong query is 400', async (api) => {
    const token = api.tenant(fresh());
    for (const limit of ['0', '1001', '-1', '1.5', '', 'ten', '1e2', '0x10', ' 5', '00001']) {
      isProblem(await scan(token, { limit }), 400, 'bad_request', /limit must be/);
    }
    for (const prefix of ['a..b', 'a\n', '\0', '\x7f', 'k'.repeat(513)]) {
      isProblem(await scan(token, { prefix }), 400, 'bad_request', /prefix/);
    }
    assert.equal((await scan(token, { prefix: '\u{1f511}'.repeat(512) })).status, 200);
    isProblem(await scan(token, { match: '*' }), 400, 'bad_request', /"match"/);
    isProblem(await call('/infra/kv?limit=1&limit=2', token), 400, 'bad_request', /more than one limit/);
    for (const query of ['prefix=%ff', 'prefix=%', 'prefix=%zz', 'prefix=%ed%a0%80']) {
      isProblem(await call(`/infra/kv?${query}`, token), 400, 'bad_request', /percent-encoded/);
    }
    assert.equal((await call('/infra/kv?project_id=any', token)).status, 200);
  });

  property('it needs kv:read, and an API key its project in the query', async (api) => {
    const namespace = fresh();
    const writer = api.tenant(namespace, { token: { name: 'w', scopes: ['kv:write'] } });
    isProblem(await scan(writer), 403, 'forbidden', /kv:read/);
    isProblem(await call('/infra/kv', undefined), 401, 'unauthorized');
    await put('mine', writer, '{"value":1}');
    const key = api.tenant(`${namespace}-keys`, { token: { type: 'ApiKey', namespace } });
    isProblem(await scan(key), 400, 'project_required');
    assert.deepEqual((await scan(key, { project_id: `project-${namespace}` })).json.keys, ['mine']);
    await remove('mine', writer);
  });
}
