import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { hashToken, tokenType } from '../../../contract/token.ts';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { kvStore, kvToken } from '../../unit/dataplane/objects.ts';
import { type Api, startApi } from './api.ts';
import { type Answer, createClient, isProblem } from './client.ts';
import { createStage, type Stage, TENANTS } from './manage-editor.ts';

interface Token {
  name: string;
  type: string;
  state: string;
  scopes: string[];
  [field: string]: unknown;
}

describe('tokens over the API', () => {
  let api: Api;
  let stage: Stage;
  let admin: string;
  const { call, get, put } = createClient(() => api);

  before(async () => {
    stage = createStage();
    api = await startApi({ stores: createMemoryStores(), management: stage.management });
    stage.showIn = api.stores;
    const key = kvToken({ namespace: 'cubby-system', name: 'admin', type: 'ApiKey', role: 'SystemAdmin' });
    api.tokens.upsert(key.object);
    admin = key.token;
    for (const projectId of ['shop', 'blog']) {
      const store = kvStore({ namespace: TENANTS, name: projectId, projectId });
      stage.objects.set(projectId, store);
      api.stores.upsert(structuredClone(store));
    }
    api.tenant('elsewhere', { store: { name: 'cache', projectId: 'far' } });
  });
  beforeEach(() => {
    stage.showTokensIn = api.tokens;
  });
  after(() => api.close());

  function send(method: string, path: string, body?: object, token = admin): Promise<Answer> {
    const init = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return call(`/api/kv/tokens${path}`, token, { method, ...init });
  }
  const create = (body: object, token?: string) => send('POST', '', { project_id: 'shop', ...body }, token);
  const revoke = (name: string, project = 'shop') => send('DELETE', `/${name}?project_id=${project}`);
  const list = async (project = 'shop', token = admin) =>
    (await send('GET', `?project_id=${project}`, undefined, token)).json.tokens as Token[];

  async function made(body: object = {}): Promise<{ token: Token; value: string }> {
    const answer = await create(body);
    assert.equal(answer.status, 200, answer.text);
    return answer.json as unknown as { token: Token; value: string };
  }

  test('a token is made, works at once, is listed, and is refused when it is revoked', async () => {
    const answer = await create({ name: 'web' });
    assert.deepEqual(Object.keys(answer.json), ['success', 'message', 'token', 'value']);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    const { token, value } = answer.json as unknown as { token: Token; value: string };
    assert.equal(tokenType(value), 'Project');
    assert.deepEqual([token.name, token.type, token.state, token.revocable], ['web', 'Project', 'active', true]);
    assert.deepEqual([token.scopes, token.last_four], [['kv:read', 'kv:write'], value.slice(-4)]);
    assert.equal((await put('greeting', value, '{"value":"hello"}')).status, 200);
    assert.deepEqual(
      (await list()).filter(({ name }) => name === 'web'),
      [token],
    );
    const revoked = await revoke('web');
    assert.deepEqual([revoked.status, Object.keys(revoked.json)], [200, ['success', 'message']]);
    isProblem(await get('greeting', value), 401, 'unauthorized');
    isProblem(await revoke('web'), 404, 'not_found', /no token of that name/);
  });

  test('the object has the hash and the last four characters of the token, and the token is in no log', async () => {
    const { token, value } = await made({ type: 'Deployment', scopes: ['kv:read'], ttl: 3600 });
    const object = stage.tokens.get(token.name);
    assert.match(token.name, /^deployment-[0-9a-f]{6}$/);
    const { expiresAt, ...spec } = object?.spec ?? assert.fail();
    assert.deepEqual(spec, {
      type: 'Deployment',
      storeRef: { name: 'shop' },
      scopes: ['kv:read'],
      issued: { sha256: hashToken(value), lastFour: value.slice(-4) },
    });
    assert.ok(Math.abs(Date.parse(expiresAt ?? '') - Date.now() - 3_600_000) < 10_000, expiresAt);
    assert.ok(!JSON.stringify(object).includes(value));
    isProblem(await put('k', value, '{"value":1}'), 403, 'forbidden');
    for (const secret of [value, hashToken(value)]) assert.ok(!api.logged().includes(secret));
    const line = api
      .logged()
      .split('\n')
      .find((each) => each.includes('"createToken"') && each.includes(token.name));
    assert.deepEqual(JSON.parse(line ?? '{}').changed, [`KVToken ${token.name}`]);
  });

  test('a token that the operator has not accepted in time is pending, and no longer kept waiting for', async () => {
    stage.showTokensIn = undefined;
    const started = performance.now();
    const { token, value } = await made({ name: 'slow' });
    const waited = performance.now() - started;
    assert.equal(token.state, 'pending');
    assert.ok(waited > 2900 && waited < 4500, `${waited} ms`);
    isProblem(await get('k', value), 401, 'unauthorized');
  });

  test('a name that is taken is 409 and what has it is not touched, whosever it is', async () => {
    const theirs = kvToken({ namespace: TENANTS, name: 'taken', storeRef: { name: 'blog' } }).object;
    stage.tokens.set('taken', theirs);
    isProblem(await create({ name: 'taken' }), 409, 'conflict', /taken/);
    isProblem(await revoke('taken'), 404, 'not_found');
    assert.equal(stage.tokens.get('taken'), theirs);
    assert.equal((await revoke('taken', 'blog')).status, 200);
    stage.tokens.set('key', kvToken({ namespace: TENANTS, name: 'key', type: 'ApiKey' }).object);
    isProblem(await revoke('key'), 404, 'not_found');
  });

  test('a name that was made up and is taken is made up again', async () => {
    stage.fail('raced', 4);
    assert.equal((await create({})).status, 200);
    stage.fail('raced', 5);
    isProblem(await create({}), 409, 'conflict', /try again/);
    stage.fail('raced', 0);
  });

  test('a token is only for a project with a store, where the API may write', async () => {
    isProblem(await create({ project_id: 'none' }), 404, 'not_found', /enable/);
    isProblem(await create({ project_id: 'far' }), 403, 'forbidden', /namespace elsewhere/);
    isProblem(await revoke('web', 'far'), 403, 'forbidden', /namespace elsewhere/);
    stage.objects.set('ghost', kvStore({ namespace: TENANTS, name: 'ghost', projectId: 'another' }));
    stage.tokens.set(
      'of-another',
      kvToken({ namespace: TENANTS, name: 'of-another', storeRef: { name: 'ghost' } }).object,
    );
    isProblem(await create({ project_id: 'ghost' }), 409, 'conflict', /serves another/);
    isProblem(await revoke('of-another', 'ghost'), 404, 'not_found');
    assert.ok(stage.tokens.has('of-another'));
  });

  test('a wrong field is 400 and names itself; a name that no token has is 404', async () => {
    for (const [body, detail] of [
      [{ type: 'ApiKey' }, /type/],
      [{ scopes: ['kv:admin'] }, /scope/],
      [{ scopes: ['kv:read', 'kv:read'] }, /scopes/],
      [{ scopes: 'kv:read' }, /scopes/],
      [{ name: 'Web' }, /name/],
      [{ name: '' }, /name/],
      [{ name: 'x'.repeat(64) }, /name/],
      [{ ttl: 0 }, /ttl/],
      [{ ttl: 1e12 }, /ttl/],
      [{ role: 'SystemAdmin' }, /role/],
      [{ value: 'sk_live_mine' }, /value/],
    ] as const)
      isProblem(await create(body), 400, 'bad_request', detail);
    for (const name of ['nobody', 'a%2Fb', 'A', '%20']) isProblem(await revoke(name), 404, 'not_found');
  });

  test('what the API server refuses, forbids or does not answer is told as for stores', async () => {
    stage.fail('refused', 1, 'KVToken.cubby.dev "x" is invalid: spec.expiresAt: Invalid value');
    isProblem(await create({}), 400, 'bad_request', /^the KVToken is refused: spec\.expiresAt/);
    stage.fail('forbidden');
    isProblem(await create({}), 403, 'forbidden', /KVTokens.*cubby-tenants.*dataplane\.management/);
    stage.fail('unavailable');
    isProblem(await create({}), 503, 'store_unavailable', /cubby-tenants/);
  });

  test('every token that may see the status sees the list, without any way to tell the tokens themselves', async () => {
    const { value } = await made({ project_id: 'blog', name: 'blog-web' });
    const tokens = await list('ignored', value);
    assert.deepEqual(
      tokens.map(({ name, revocable }) => [name, revocable]),
      [['blog-web', false]],
    );
    assert.doesNotMatch(JSON.stringify(tokens), /[0-9a-f]{64}/);
    assert.deepEqual(await list('never-made'), []);
    const foreign = kvToken({ namespace: 'elsewhere', name: 'key', type: 'ApiKey' });
    api.tokens.upsert(foreign.object);
    isProblem(await send('GET', '?project_id=shop', undefined, foreign.token), 404, 'not_found');
    isProblem(await send('GET', '', undefined, foreign.token), 400, 'project_required');
    isProblem(await create({}, value), 403, 'forbidden', /SystemAdmin/);
  });
});
