import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kvToken } from '../../unit/dataplane/objects.ts';
import type { Api } from './api.ts';
import { createClient, isProblem } from './client.ts';

/** Who may do what where: tokens, scopes, projects, stores that do not serve. `open` gives the server under test, whose tenants' data starts empty. */
export function accessSuite(name: string, open: () => Api): void {
  const property = (what: string, check: (api: Api) => Promise<void>) => test(`${name}: ${what}`, () => check(open()));
  const { call, get, put, remove } = createClient(open);
  let names = 0;
  const fresh = () => `access-${++names}`;

  property('no token, a mistyped, an unknown, an expired and a revoked one are 401, on every method', async (api) => {
    const namespace = fresh();
    const token = api.tenant(namespace);
    const expired = api.tenant(namespace, { token: { name: 'old', expiresAt: '2020-01-01T00:00:00Z' } });
    const revoked = kvToken({ namespace, name: 'revoked' });
    api.tokens.upsert(revoked.object);
    assert.equal((await put('k', revoked.token, '{"value":1}')).status, 200);
    api.tokens.remove(revoked.object);
    const bad = [undefined, '', 'x', `${token}x`, token.slice(0, -1), kvToken({}).token, expired, revoked.token];
    for (const each of bad) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await call('/infra/kv/k', each, { method });
        isProblem(answer, 401, 'unauthorized');
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
      }
    }
    assert.equal((await get('k', token)).status, 200);
  });

  property('a token without the scope is 403, which names it', async (api) => {
    const namespace = fresh();
    const reader = api.tenant(namespace, { token: { name: 'r', scopes: ['kv:read'] } });
    const writer = api.tenant(namespace, { token: { name: 'w', scopes: ['kv:write'] } });
    const none = api.tenant(namespace, { token: { name: 'n', scopes: [] } });
    for (const token of [reader, none]) {
      isProblem(await put('k', token, '{"value":1}'), 403, 'forbidden', /kv:write/);
      isProblem(await remove('k', token), 403, 'forbidden', /kv:write/);
    }
    assert.equal((await put('k', writer, '{"value":1}')).status, 200);
    for (const token of [writer, none]) isProblem(await get('k', token), 403, 'forbidden', /kv:read/);
    assert.equal((await get('k', reader)).status, 200);
  });

  property('two tenants have different values under the same key', async (api) => {
    const [a, b] = [api.tenant(fresh()), api.tenant(fresh())];
    await put('same', a, '{"value":"a"}');
    isProblem(await get('same', b), 404, 'not_found');
    await put('same', b, '{"value":"b"}');
    assert.equal((await get('same', a)).json.value, 'a');
    await remove('same', b);
    assert.equal((await get('same', a)).json.value, 'a');
  });

  property('a project token ignores any project_id, in query and body', async (api) => {
    const other = fresh();
    api.tenant(other);
    const token = api.tenant(fresh());
    for (const id of [`"project-${other}"`, '7', 'null', '{"x":1}']) {
      assert.equal((await put('k', token, `{"value":1,"project_id":${id}}`)).status, 200);
    }
    assert.equal((await call(`/infra/kv/k?project_id=project-${other}`, token)).status, 200);
  });

  property('an API key names its project in the query or the body, as string or integer', async (api) => {
    const namespace = fresh();
    api.tenant(namespace, { store: { projectId: '42' } });
    const key = api.tenant(`${namespace}-keys`, { token: { type: 'ApiKey', namespace } });
    for (const id of ['42', '"42"']) {
      assert.equal((await put('k', key, `{"project_id":${id},"value":${id}}`)).status, 200, id);
    }
    assert.equal((await call('/infra/kv/k?project_id=42', key)).json.value, '42');
    const body = { body: '{"project_id":42}', headers: { 'content-type': 'application/json' } };
    assert.equal((await remove('k', key, body)).status, 200);
    isProblem(await get('k', key), 400, 'project_required', /project_id/);
    isProblem(await put('k', key, '{"value":1}'), 400, 'project_required');
    isProblem(await call('/infra/kv/k?project_id=', key), 400, 'project_required');
    isProblem(await put('k', key, '{"project_id":"","value":1}'), 400, 'project_required');
    isProblem(await call('/infra/kv/k?project_id=42&project_id=43', key), 400, 'bad_request');
    for (const id of ['1.5', 'true', 'null', '[42]', '{}', '9007199254740993']) {
      isProblem(await put('k', key, `{"project_id":${id},"value":1}`), 400, 'bad_request', /project_id/);
    }
    const unknown = await remove('k', key, { ...body, body: '{"project_id":42,"value":1}' });
    isProblem(unknown, 400, 'bad_request', /"value"/);
  });

  property(
    'an API key gets 404 alike for a project of another namespace and for one that does not exist',
    async (api) => {
      const [own, other] = [fresh(), fresh()];
      api.tenant(own);
      const theirs = api.tenant(other);
      await put('k', theirs, '{"value":"secret"}');
      const key = api.tenant(`${own}-keys`, { token: { type: 'ApiKey', namespace: own } });
      const details = new Set<unknown>();
      for (const id of [`project-${other}`, 'nowhere', '../x', 'x'.repeat(1000)]) {
        const answer = await call(`/infra/kv/k?project_id=${encodeURIComponent(id)}`, key);
        isProblem(answer, 404, 'not_found');
        details.add(answer.json.detail);
      }
      assert.equal(details.size, 1);
      const system = api.tenant('cubby-system', { token: { type: 'ApiKey', name: fresh() } });
      assert.equal((await call(`/infra/kv/k?project_id=project-${other}`, system)).json.value, 'secret');
    },
  );

  property('a store that is hibernated, missing, not ready or in conflict is 503 with Retry-After', async (api) => {
    const namespace = fresh();
    const hibernated = await get('k', api.tenant(namespace, { store: { enabled: false } }));
    isProblem(hibernated, 503, 'store_hibernated', /spec\.enabled/);
    const lost = kvToken({ namespace, name: 'lost', storeRef: { name: 'gone' } });
    api.tokens.upsert(lost.object);
    const missing = await get('k', lost.token);
    isProblem(missing, 503, 'store_unavailable', /does not exist/);
    const held = fresh();
    api.tenant(held, { store: { created: '00:00' } });
    const conflict = await get('k', api.tenant(fresh(), { store: { projectId: `project-${held}`, created: '05:00' } }));
    isProblem(conflict, 503, 'store_unavailable', /held by an older store/);
    assert.ok(!conflict.text.includes(held), 'the other tenant is not named');
    for (const answer of [hibernated, missing, conflict])
      assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
  });
}
