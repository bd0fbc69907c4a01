import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { keyProblem } from '../../../dataplane/pipeline/key.ts';
import { type ConnectionOptions, type CubbyError, createClient, createKVClient } from '../../../sdk/src/index.ts';
import { type Stage, startStage } from './stage.ts';

/** What paths, queries and percent-encoding make something else of. */
const difficult = [
  ...['a/b', '/a', 'a/', 'a//b', './a', 'a/./b', 'a/.', 'a/increment', 'increment', '\\', ':', '@', '~'],
  ...['a?b', 'a#b', '?', '#', 'a;b=c', '+', 'a+b', 'a b', ' ', '%', '%2F', '%2e', '%zz', '"', '*'],
  ...['ключ', '😀', 'é', 'e\u0301', '\u2028', 'k'.repeat(512), '😀'.repeat(512)],
];

const character = fc.oneof(
  fc.constantFrom(...'/?#%.&=+ \\:;@*"ab'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);
const key = fc
  .array(character, { minLength: 1, maxLength: 24 })
  .map((parts) => parts.join(''))
  .filter((text) => keyProblem(text) === undefined && text !== '.');

describe('keys and values over a real Redis', () => {
  let stage: Stage;
  before(async () => {
    stage = await startStage();
  });
  after(() => stage?.close());

  /** Both faces, which must agree. */
  const faces = (token: string, options: Partial<ConnectionOptions> = {}) => ({
    entries: createClient(token, { baseUrl: stage.url, ...options }).infra.kv,
    kv: createKVClient({ baseUrl: stage.url, token, ...options }),
  });

  async function arrives(name: string): Promise<void> {
    const { entries, kv } = faces(stage.tokens.sk_live_);
    assert.equal((await entries.set(name, { name })).key, name);
    assert.deepEqual(await kv.get(name), { name });
    assert.equal((await entries.get(name)).key, name);
    assert.deepEqual((await entries.scan({ prefix: name, limit: 1000 })).keys.includes(name), true);
    assert.equal((await entries.delete(name)).key, name);
    assert.equal((await entries.increment(name)).key, name);
    assert.equal(await kv.incr(name), 2);
    assert.equal(await kv.del(name), 1);
  }

  for (const name of difficult) {
    test(`the key ${JSON.stringify(name.slice(0, 12))} arrives whole`, () => arrives(name));
  }

  test('any key arrives whole', () => fc.assert(fc.asyncProperty(key, arrives), { numRuns: 150 }));

  test('a key that is none is refused, by the server or before', async () => {
    const { entries, kv } = faces(stage.tokens.sk_live_);
    for (const name of ['', '..', 'a..b', 'a\nb', '\u007f', '\ud800', 'k'.repeat(513)]) {
      await assert.rejects(kv.get(name), { name: 'CubbyError', code: 'bad_request' }, JSON.stringify(name));
      const refused = (error: Error) => error instanceof TypeError || (error as CubbyError).code === 'bad_request';
      await assert.rejects(entries.get(name), refused, JSON.stringify(name));
      await assert.rejects(entries.set(name, 1), refused, JSON.stringify(name));
    }
  });

  test('the key "." has no path: the other calls take it, and those with a path say so', async () => {
    const { entries, kv } = faces(stage.tokens.sk_live_);
    await assert.rejects(entries.get('.'), /use batch or createKVClient/);
    await kv.set('.', 1);
    assert.deepEqual(await entries.batch([{ op: 'get', key: '.' }]), [{ key: '.', value: 1, status: 'ok' }]);
  });

  test('any JSON comes back as it was', () =>
    fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const { entries, kv } = faces(stage.tokens.sk_live_);
        const plain = JSON.parse(JSON.stringify(value));
        await kv.set('value', value);
        assert.deepEqual(await kv.get('value'), plain);
        assert.deepEqual((await entries.set('value', value)).value, plain);
        assert.equal(await kv.get('value', { as: 'text' }), plain === null ? null : JSON.stringify(plain));
      }),
      { numRuns: 100 },
    ));

  test('as text, a value is kept to the byte', async () => {
    const { kv } = faces(stage.tokens.sk_live_);
    const texts = [
      '9007199254740993',
      '{"b":1,"a":1e400, "a":-0}',
      '"\\u00e9"',
      '[ 1 ]',
      '" }"',
      '{"value":{"value":1}}',
    ];
    for (const text of texts) {
      assert.equal(await kv.set('text', text, { as: 'text' }), 'OK');
      assert.equal(await kv.get('text', { as: 'text' }), text);
    }
    await kv.set('text', ' [1] ', { as: 'text' });
    assert.equal(await kv.get('text', { as: 'text' }), '[1]');
    assert.equal(await kv.get('missing', { as: 'text' }), null);
  });

  test('a text that is no JSON is not sent', async () => {
    const { kv } = faces(stage.tokens.sk_live_);
    for (const text of ['', '{', '1,"ex":1', 'undefined']) {
      await assert.rejects(kv.set('text', text, { as: 'text' }), SyntaxError, text);
    }
  });

  test('an API key names the project of the client', async () => {
    const { entries, kv } = faces(stage.tokens.tk_, { projectId: 'shop' });
    await entries.set('k', 1, { ttl: 60 });
    assert.equal(await kv.get('k'), 1);
    assert.equal((await entries.increment('k')).value, 2);
    assert.deepEqual((await entries.scan({ prefix: 'k' })).keys, ['k']);
    await entries.batch([{ op: 'set', key: 'l', value: 1 }]);
    assert.equal(await kv.del(['k', 'l', 'm'], { timeoutMs: 5000 }), 2);
    await assert.rejects(faces(stage.tokens.tk_).kv.get('k'), { code: 'project_required', status: 400 });
  });

  test('each option does what it says', async () => {
    const { entries, kv } = faces(stage.tokens.sk_live_);
    await stage.clear();
    assert.equal(await kv.set('k', 1, { xx: true }), null);
    assert.equal(await kv.set('k', 1, { nx: true, ex: 100 }), 'OK');
    assert.equal(await kv.set('k', 2, { nx: true }), null);
    assert.ok((await kv.ttl('k')) > 90);
    assert.equal(await kv.set('k', 1, { px: 50_000 }), 'OK');
    assert.ok((await kv.ttl('k')) <= 50);
    assert.equal(await kv.expire('k', 1000), 1);
    assert.equal(await kv.expire('none', 1000), 0);
    assert.equal(await kv.ttl('none'), -2);
    assert.equal(await kv.incr('n', -2.5), -2.5);
    assert.equal((await entries.increment('n', { delta: 3.5, ttl: 60 })).value, 1);
    await assert.rejects(entries.set('k', 1, { if_not_exists: true }), { code: 'conflict', status: 409 });
    assert.notEqual((await entries.set('k', 1, { ttl: 5 })).expires_at, null);
    assert.deepEqual((await kv.keys('[kn]')).sort(), ['k', 'n']);
    assert.equal((await kv.keys('*')).truncated, undefined);
    assert.equal(await kv.del(), 0);
  });

  test('the iterator gives every key of many pages, and asks for no more than is taken', async () => {
    let pages = 0;
    const counted: ConnectionOptions['fetch'] = (url, init) => {
      pages++;
      return fetch(url, init);
    };
    const { entries } = faces(stage.tokens.sk_live_, { fetch: counted });
    const names = Array.from({ length: 250 }, (_, i) => `many:${i}`);
    for (let i = 0; i < 250; i += 50) {
      await entries.batch(names.slice(i, i + 50).map((name) => ({ op: 'set', key: name, value: 1 })));
    }
    const seen = new Set<string>();
    for await (const name of entries.scanAll({ prefix: 'many:', limit: 40 })) seen.add(name);
    assert.deepEqual([...seen].sort(), names.sort());
    pages = 0;
    for await (const _ of entries.scanAll({ prefix: 'many:', limit: 40 })) break;
    assert.ok(pages <= 3, `${pages} pages`);
    const { keys, next_cursor: cursor } = await entries.scan({ prefix: 'many:', limit: 100 });
    for await (const name of entries.scanAll({ prefix: 'many:', cursor: cursor ?? undefined })) keys.push(name);
    assert.equal(new Set(keys).size, 250);
  });

  test('keys says where there are more than it gives', async () => {
    const { kv } = faces(stage.tokens.sk_live_);
    const body = { keys: ['a'], truncated: true };
    const many = createKVClient({ baseUrl: stage.url, token: 't', fetch: async () => Response.json(body) });
    const names = await many.keys('*');
    assert.deepEqual([...names], ['a']);
    assert.equal(names.truncated, true);
    assert.equal((await kv.keys('none:*')).length, 0);
  });
});
