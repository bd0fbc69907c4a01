import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { createClient, createKVClient, createManagementClient } from '../../sdk/src/index.ts';
import { calls, type DocumentedCall, forClients, type Schema } from './sdk-document.ts';

/** One request that the SDK made. */
interface Sent {
  method: string;
  url: URL;
  body: unknown;
}

/** Makes every call that the SDK has, each with all that it may be given, and once more with as little as it needs. */
async function sendEverything(projectId: string | undefined): Promise<Sent[]> {
  const sent: Sent[] = [];
  const options = {
    baseUrl: 'https://kv.example.com',
    token: 'tk_example',
    projectId,
    fetch: async (url: string, { method = '', body }: RequestInit) => {
      sent.push({ method, url: new URL(url), body: body === undefined ? undefined : JSON.parse(String(body)) });
      return Response.json({ keys: [], results: [], next_cursor: null });
    },
  };
  const { kv: entries } = createClient(options.token, options).infra;
  const kv = createKVClient(options);
  const manage = createManagementClient(options);

  await entries.get('a/b');
  await entries.set('k', { a: [1, null] });
  await entries.set('k', 1, { ttl: 60, if_not_exists: true, idempotent: true, timeoutMs: 100, cache: 'no-store' });
  await entries.delete('k', { idempotent: true });
  await entries.increment('k');
  await entries.increment('k', { delta: -1.5, ttl: 60 });
  await entries.scan();
  await entries.scan({ prefix: 'a', limit: 10, cursor: 'c' });
  for await (const _ of entries.scanAll({ prefix: 'a', limit: 10 }));
  await entries.batch([]);
  await entries.batch([
    { op: 'get', key: 'k' },
    { op: 'set', key: 'k', value: null, ttl: 1 },
    { op: 'set', key: 'k', value: { a: 1 } },
    { op: 'delete', key: 'k' },
  ]);

  await kv.get('k');
  await kv.set('k', 'v');
  await kv.set('k', 'v', { ex: 1, nx: true, idempotent: true });
  await kv.set('k', '[1]', { px: 1, xx: true, as: 'text' });
  await kv.del('k', 'l');
  await kv.del(['k']);
  await kv.incr('k');
  await kv.incr('k', 2);
  await kv.expire('k', 60);
  await kv.ttl('k');
  await kv.keys('*');

  await manage.scopes();
  await manage.projects();
  await manage.projects({ prefix: 'a', limit: 10, cursor: 'c' });
  await manage.versions();
  await manage.status();
  await manage.status('shop');
  await manage.enable();
  const wish = { version: '8.0', dockerImage: 'redis:8.0', maxMemory: '256mb', persistence: true };
  await manage.enable({ projectId: 'shop', ...wish });
  await manage.update({ projectId: 'shop', ...wish });
  await manage.disable('shop');
  await manage.usage('shop');
  await manage.usageHistory();
  await manage.usageHistory({ projectId: 'shop', period: 'month' });
  await manage.tokens.list('shop');
  await manage.tokens.create();
  await manage.tokens.create({ projectId: 'shop', type: 'Deployment', scopes: ['kv:read'], name: 'ci', ttl: 60 });
  await manage.tokens.revoke('ci', 'shop');
  await manage.backups.list('shop');
  await manage.backups.get('first', 'shop');
  await manage.backups.create();
  await manage.backups.create({ projectId: 'shop', name: 'first', deletionPolicy: 'Delete' });
  await manage.backups.delete('first');
  await manage.backups.delete('first', { projectId: 'shop', data: 'keep' });
  const place = { s3: { bucket: 'kv', credentials_secret: 's3', region: 'eu-1' }, encryption_secret: 'age' };
  await manage.backups.setPlace(place, 'shop');
  await manage.backups.schedules.list('shop');
  await manage.backups.schedules.put('nightly', { schedule: '@daily' });
  const nightly = { schedule: '0 3 * * *', timeZone: 'Europe/Berlin', suspended: true, keepCount: 7, keepAge: '30d' };
  await manage.backups.schedules.put('nightly', { projectId: 'shop', ...nightly });
  await manage.backups.schedules.delete('nightly', 'shop');
  await manage.restore({ backup: 'first' });
  await manage.restore({ projectId: 'shop', object: 'a/b', place, overwriteData: true });
  await manage.failover('shop');
  return sent;
}

function callOf({ method, url }: Sent): DocumentedCall | undefined {
  const fits = (path: string) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(url.pathname);
  return calls.find((call) => call.method === method && fits(call.path));
}

/** What the schema has against the value; undefined for nothing. zod takes no `not`, which only forbids combinations. */
function problemOf({ not: _, ...schema }: Schema, value: unknown): string | undefined {
  const { error } = z.fromJSONSchema(schema as never).safeParse(value);
  return error && z.prettifyError(error);
}

describe('the SDK and docs/openapi.json', () => {
  for (const projectId of [undefined, 'shop']) {
    test(`every request is one that the document allows, ${projectId ? 'with a project' : 'without a project'}`, async () => {
      for (const request of await sendEverything(projectId)) {
        const what = `${request.method} ${request.url.pathname}${request.url.search}`;
        const call = callOf(request);
        assert.ok(call, what);
        for (const [name, value] of request.url.searchParams) {
          const schema = call.query.get(name);
          assert.ok(schema, `${what}: no ${name}`);
          const meant: unknown = schema.type === 'integer' ? Number(value) : value;
          assert.equal(problemOf(schema, meant), undefined, `${what}: ${name}`);
        }
        if (request.body === undefined) continue;
        assert.ok(call.body, `${what}: no body`);
        assert.equal(problemOf(call.body, request.body), undefined, what);
      }
    });
  }

  test('every call of the document can be made', async () => {
    const made = new Set((await sendEverything(undefined)).map((request) => callOf(request)?.id));
    assert.deepEqual(
      forClients.map(({ id }) => id).filter((id) => !made.has(id)),
      [],
    );
  });

  test('a request that the document does not allow is found', () => {
    const { body } = calls.find(({ id }) => id === 'kvSet') ?? assert.fail();
    for (const wrong of [{ key: 'k' }, { key: 'k', value: 1, ttl: 1 }, { key: 'k', value: 1, ex: '1' }]) {
      assert.notEqual(problemOf(body ?? {}, wrong), undefined, JSON.stringify(wrong));
    }
  });
});
