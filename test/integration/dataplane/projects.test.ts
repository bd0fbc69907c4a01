import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { kvStore, kvToken } from '../../unit/dataplane/objects.ts';
import { type Api, startApi } from './api.ts';
import { createClient, isProblem } from './client.ts';
import { createStage, TENANTS } from './manage-editor.ts';

describe('the projects that a token reaches', () => {
  let api: Api;
  const { call } = createClient(() => api);

  before(async () => {
    api = await startApi({ stores: createMemoryStores(), management: createStage().management });
    for (const store of [
      { namespace: 'a', name: 'web', projectId: 'shop', version: '7.0' },
      { namespace: 'a', name: 'cache', projectId: 'Cache', enabled: false, status: { phase: 'Hibernated' as const } },
      { namespace: 'b', name: 'main' },
      { namespace: TENANTS, name: 'managed', projectId: 'managed' },
      { namespace: 'cubby-system', name: 'ledger', projectId: 'cubby-ledger' },
      { namespace: 'cubby-system', name: 'own', projectId: 'own' },
    ])
      api.stores.upsert(kvStore(store));
  });
  after(() => api.close());

  function issue(fields: Parameters<typeof kvToken>[0]): string {
    const { token, object } = kvToken(fields);
    api.tokens.upsert(object);
    return token;
  }
  const list = (token: string, query = '') => call(`/api/kv/projects${query}`, token);
  async function ids(token: string, query = ''): Promise<unknown> {
    const { status, json, text } = await list(token, query);
    assert.equal(status, 200, text);
    return (json.projects as { project_id: string }[]).map(({ project_id }) => project_id);
  }
  const admin = () => issue({ namespace: 'cubby-system', name: 'admin', type: 'ApiKey', role: 'SystemAdmin' });

  test('are its own for one that is bound, those of its namespace for a key, and all but the ledger for a role', async () => {
    assert.deepEqual(await ids(issue({ namespace: 'a', name: 'bound', storeRef: { name: 'web' } })), ['shop']);
    assert.deepEqual(await ids(issue({ namespace: 'a', name: 'lost', storeRef: { name: 'gone' } })), []);
    assert.deepEqual(await ids(issue({ namespace: 'a', name: 'key', type: 'ApiKey' })), ['Cache', 'shop']);
    assert.deepEqual(await ids(issue({ namespace: 'none', name: 'key', type: 'ApiKey' })), []);
    const all = ['Cache', 'b.main', 'managed', 'own', 'shop'];
    assert.deepEqual(await ids(admin()), all);
    const reader = issue({ namespace: 'cubby-system', name: 'reader', type: 'ApiKey', role: 'SystemRead' });
    assert.deepEqual(await ids(reader), all);
    assert.deepEqual(await ids(issue({ namespace: 'cubby-system', name: 'plain', type: 'ApiKey' })), ['own']);
    const ledger = issue({ namespace: 'cubby-system', name: 'ledger', storeRef: { name: 'ledger' } });
    assert.deepEqual(await ids(ledger), []);
  });

  test('are shown with their place, their state and whether this token may change them', async () => {
    const { json } = await list(issue({ namespace: 'a', name: 'key', type: 'ApiKey' }));
    assert.deepEqual(json, {
      projects: [
        {
          project_id: 'Cache',
          namespace: 'a',
          name: 'cache',
          phase: 'Progressing',
          enabled: false,
          version: null,
          manageable: false,
        },
        {
          project_id: 'shop',
          namespace: 'a',
          name: 'web',
          phase: 'Pending',
          enabled: true,
          version: '7.0',
          manageable: false,
        },
      ],
      next_cursor: null,
    });
    const projects = (await list(admin())).json.projects as { project_id: string; manageable: boolean }[];
    assert.deepEqual(
      projects.filter(({ manageable }) => manageable).map(({ project_id }) => project_id),
      ['managed'],
    );
  });

  test('come in pages, by prefix', async () => {
    const token = admin();
    assert.deepEqual(await ids(token, '?prefix=s'), ['shop']);
    assert.deepEqual(await ids(token, '?prefix=shopping'), []);
    const seen: unknown[] = [];
    for (let query = '?limit=2'; query !== ''; ) {
      const { json } = await list(token, query);
      const { projects, next_cursor } = json as { projects: { project_id: string }[]; next_cursor: string | null };
      seen.push(projects.map(({ project_id }) => project_id));
      query = next_cursor === null ? '' : `?limit=2&cursor=${next_cursor}`;
    }
    assert.deepEqual(seen, [['Cache', 'b.main'], ['managed', 'own'], ['shop']]);
    const bound = issue({ namespace: 'a', name: 'bound', storeRef: { name: 'web' } });
    assert.deepEqual([await ids(bound, '?prefix=s'), await ids(bound, '?prefix=x')], [['shop'], []]);
    assert.deepEqual(await ids(bound, '?cursor=shop'), []);
  });

  test('a limit, a prefix or a cursor that is not valid is 400', async () => {
    for (const query of ['?limit=0', '?limit=1001', '?limit=x', '?prefix=a%20b', '?cursor=%2F'])
      isProblem(await list(admin(), query), 400, 'bad_request', /limit|prefix|cursor/);
    isProblem(await list('no token'), 401, 'unauthorized');
  });

  test('the versions that stores may ask for are told to every token, oldest first', async () => {
    const { json } = await call('/api/kv/versions', issue({ namespace: 'a', name: 'any' }));
    assert.deepEqual(json, { versions: ['7.0', '8.0'], default: '8.0' });
    isProblem(await call('/api/kv/versions', undefined), 401, 'unauthorized');
  });
});
