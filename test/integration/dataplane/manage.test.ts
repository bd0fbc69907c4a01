import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { kvStore, kvToken } from '../../unit/dataplane/objects.ts';
import { type Api, startApi } from './api.ts';
import { type Answer, createClient, isProblem } from './client.ts';
import { createStage, type Stage, TENANTS } from './manage-editor.ts';

const STATUS_FIELDS = [
  'enabled',
  'healthy',
  'version',
  'docker_image',
  'project_id',
  'phase',
  'max_memory',
  'used_memory',
  'persistence',
  'keys',
  'namespace',
  'name',
  'manageable',
  'reads',
  'topology',
  'members',
  'restore',
  'plan',
  'limits',
  'conditions',
  'requested',
];

describe('management calls', () => {
  let api: Api;
  let stage: Stage;
  let admin: string;
  const { call, put } = createClient(() => api);

  before(async () => {
    stage = createStage();
    api = await startApi({ stores: createMemoryStores(), management: stage.management });
    admin = key('admin', 'SystemAdmin');
  });
  beforeEach(() => {
    stage.showIn = api.stores;
    stage.writes.length = 0;
  });
  after(() => api.close());

  function key(name: string, role?: 'SystemAdmin' | 'SystemRead', namespace = 'cubby-system'): string {
    const { token, object } = kvToken({ namespace, name, type: 'ApiKey', ...(role && { role }) });
    api.tokens.upsert(object);
    return token;
  }

  function send(method: string, path: string, body?: object, token = admin): Promise<Answer> {
    const init = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return call(`/api/kv/${path}`, token, { method, ...init });
  }
  const enable = (body: object, token?: string) => send('POST', 'enable', body, token);
  const update = (body: object) => send('PATCH', 'update', body);
  const disable = (project: string) => send('DELETE', `disable?project_id=${project}`);
  const status = (project?: string, token?: string) =>
    send('GET', project === undefined ? 'status' : `status?project_id=${project}`, undefined, token);

  /** The answer's status view, which must have every field and no other. */
  function viewIn({ status: code, json, text }: Answer): Record<string, unknown> {
    assert.equal(code, 200, text);
    const view = (json.status ?? json) as Record<string, unknown>;
    assert.deepEqual(Object.keys(view), STATUS_FIELDS);
    return view;
  }

  test('enable makes a store with the defaults, and of the default project where none is named', async () => {
    const before = viewIn(await status());
    assert.deepEqual([before.enabled, before.project_id, before.phase], [false, 'default', null]);
    const answer = await enable({ persistence: true });
    assert.deepEqual(Object.keys(answer.json), ['success', 'message', 'status']);
    assert.equal(answer.json.success, true);
    const view = viewIn(answer);
    assert.deepEqual(
      [view.enabled, view.healthy, view.version, view.project_id, view.phase, view.max_memory, view.persistence],
      [true, false, '8.0', 'default', 'Pending', '256mb', true],
    );
    const spec = { projectId: 'default', enabled: true, version: '8.0', memory: '256Mi', persistence: { mode: 'aof' } };
    assert.deepEqual(stage.writes, [{ verb: 'create', name: 'default', spec }]);
  });

  test('enable takes every setting, in Redis’ units', async () => {
    await enable({ project_id: 42, docker_image: 'redis:7.4', version: '7.0', max_memory: '64MB', persistence: false });
    const [write] = stage.writes;
    assert.match(write?.name ?? '', /^p-42-[0-9a-f]{8}$/);
    assert.deepEqual(write?.spec, {
      projectId: '42',
      enabled: true,
      version: '7.0',
      image: 'redis:7.4',
      memory: '64Mi',
      persistence: { mode: 'none' },
    });
    const view = viewIn(await status('42'));
    assert.deepEqual([view.docker_image, view.max_memory, view.persistence], ['redis:7.4', '64mb', false]);
  });

  test('enable may be repeated, and writes only what was not so before', async () => {
    await enable({ project_id: 'again' });
    stage.writes.length = 0;
    assert.match(String((await enable({ project_id: 'again', persistence: true })).json.message), /already/);
    assert.deepEqual(stage.writes, []);
    const view = viewIn(await enable({ project_id: 'again', max_memory: '512mb' }));
    assert.equal(view.max_memory, '512mb');
    assert.deepEqual(stage.writes, [{ verb: 'patch', name: 'again', spec: { memory: '512Mi' } }]);
  });

  test('disable hibernates, and enable wakes what is there, with other settings where they are asked for', async () => {
    await enable({ project_id: 'sleepy', max_memory: '64mb' });
    stage.writes.length = 0;
    const disabled = await disable('sleepy');
    assert.deepEqual([disabled.status, Object.keys(disabled.json)], [200, ['success', 'message']]);
    assert.equal(viewIn(await status('sleepy')).enabled, false);
    const woken = viewIn(await enable({ project_id: 'sleepy', version: '7.0' }));
    assert.deepEqual([woken.enabled, woken.max_memory, woken.phase], [true, '64mb', 'Pending']);
    assert.deepEqual(
      stage.writes.map(({ spec }) => spec),
      [{ enabled: false }, { enabled: true, version: '7.0' }],
    );
  });

  test('update and disable are 404 where the project is not enabled: never made, hibernated, or none that can be', async () => {
    await enable({ project_id: 'off' });
    await disable('off');
    stage.writes.length = 0;
    for (const project of ['off', 'never', 'no way', '../off', 'cubby-ledger', 'x'.repeat(65)]) {
      isProblem(await update({ project_id: project, max_memory: '64mb' }), 404, 'not_found', /not enabled/);
      isProblem(await disable(encodeURIComponent(project)), 404, 'not_found', /not enabled/);
    }
    assert.deepEqual(stage.writes, []);
  });

  test('update writes what is asked for and differs; nothing asked for is nothing written', async () => {
    await enable({ project_id: 'moving', docker_image: 'redis:7.4' });
    stage.writes.length = 0;
    assert.equal((await update({ project_id: 'moving' })).status, 200);
    assert.equal((await send('PATCH', 'update?project_id=moving')).status, 200);
    assert.deepEqual(stage.writes, []);
    const view = viewIn(await update({ project_id: 'moving', version: '8.0', max_memory: '1gb' }));
    assert.deepEqual([view.version, view.docker_image, view.max_memory], ['8.0', null, '1gb']);
    const spec = { version: '8.0', image: null, memory: '1Gi' };
    assert.deepEqual(stage.writes, [{ verb: 'patch', name: 'moving', spec }]);
  });

  test('disable takes the project from the body as well, and the default one where none is named', async () => {
    await enable({});
    await enable({ project_id: 'other' });
    assert.equal((await send('DELETE', 'disable', { project_id: 'other' })).status, 200);
    assert.equal(viewIn(await status('other')).enabled, false);
    assert.equal(viewIn(await status()).enabled, true);
    assert.equal((await send('DELETE', 'disable')).status, 200);
    assert.equal(viewIn(await status()).enabled, false);
  });

  test('a wrong or unknown field is 400 and names itself', async () => {
    const wrong: [object, RegExp][] = [
      [{ memory: '64mb' }, /memory/],
      [{ max_memory: '256Mi' }, /max_memory.*256mb/],
      [{ max_memory: 64 }, /max_memory/],
      [{ max_memory: '999999999999999gb' }, /max_memory/],
      [{ version: 'latest' }, /version/],
      [{ docker_image: '' }, /docker_image/],
      [{ persistence: 'yes' }, /persistence/],
      [{ project_id: 1.5 }, /project_id/],
    ];
    for (const [body, detail] of wrong) {
      isProblem(await enable({ project_id: 'wrong', ...body }), 400, 'bad_request', detail);
      isProblem(await update({ project_id: 'wrong', ...body }), 400, 'bad_request', detail);
    }
    for (const project_id of ['a b', 'x'.repeat(65), 'ü', 'cubby-ledger'])
      isProblem(await enable({ project_id }), 400, 'bad_request', /project_id/);
    assert.deepEqual(stage.writes, []);
  });

  test('a project whose store is in another namespace is told to whoever manages, with the place, and not written', async () => {
    api.tenant('elsewhere', { store: { name: 'cache', projectId: 'far' } });
    for (const answer of [
      await enable({ project_id: 'far' }),
      await update({ project_id: 'far' }),
      await disable('far'),
    ])
      isProblem(answer, 403, 'forbidden', /cache of the namespace elsewhere/);
    assert.deepEqual(stage.writes, []);
    assert.equal(viewIn(await status('far')).project_id, 'far');
  });

  test('a store that somebody made in the namespace by hand is written under the name that it has', async () => {
    const store = kvStore({ namespace: TENANTS, name: 'by-hand', projectId: 'crafted' });
    stage.objects.set('by-hand', store);
    api.stores.upsert(structuredClone(store));
    assert.equal((await update({ project_id: 'crafted', max_memory: '128mb' })).status, 200);
    assert.equal(stage.writes[0]?.name, 'by-hand');
  });

  test('a name that another project has taken, and a store that is being deleted, are 409', async () => {
    stage.objects.set('taken', kvStore({ namespace: TENANTS, name: 'taken', projectId: 'somebody-else' }));
    isProblem(await enable({ project_id: 'taken' }), 409, 'conflict', /KVStore taken/);
    stage.objects.set('leaving', kvStore({ namespace: TENANTS, name: 'leaving', projectId: 'leaving', deleted: true }));
    isProblem(await enable({ project_id: 'leaving' }), 409, 'conflict', /being deleted/);
    assert.deepEqual(stage.writes, []);
  });

  test('what another replica wrote a moment ago is seen, before the directory shows it', async () => {
    stage.showIn = undefined;
    await enable({ project_id: 'fresh' });
    assert.match(String((await enable({ project_id: 'fresh' })).json.message), /already/);
    assert.equal((await update({ project_id: 'fresh', max_memory: '32mb' })).status, 200);
    assert.equal((await disable('fresh')).status, 200);
    isProblem(await disable('fresh'), 404, 'not_found');
  });

  test('two that enable at once make one store, and both succeed', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => enable({ project_id: 'crowd' })));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    assert.equal(stage.writes.length, 1);
  });

  test('a write that others outran is tried again, and is 409 where that goes on', async () => {
    await enable({ project_id: 'busy' });
    stage.fail('raced', 4);
    assert.equal((await update({ project_id: 'busy', max_memory: '64mb' })).status, 200);
    stage.fail('raced', 5);
    isProblem(await update({ project_id: 'busy', max_memory: '65mb' }), 409, 'conflict', /try again/);
  });

  test('what the API server refuses is 400 with its reason; what it forbids 403 with the namespace; no answer 503', async () => {
    await enable({ project_id: 'judged' });
    const message = 'KVStore.cubby.dev "judged" is invalid: spec.memory: Invalid value: memory must be at least 16Mi';
    stage.fail('refused', 1, message);
    const refused = await update({ project_id: 'judged', max_memory: '1mb' });
    isProblem(refused, 400, 'bad_request', /^the KVStore is refused: spec\.memory: .* at least 16Mi$/);
    stage.fail('forbidden', 1, 'exceeded quota');
    isProblem(
      await update({ project_id: 'judged', max_memory: '1gb' }),
      403,
      'forbidden',
      /cubby-tenants.*exceeded quota/,
    );
    stage.fail('unavailable');
    const away = await update({ project_id: 'judged', max_memory: '1gb' });
    isProblem(away, 503, 'store_unavailable', /cubby-tenants/);
    assert.match(away.headers.get('retry-after') ?? '', /^\d+$/);
  });

  test('keys are counted of a store that serves; a tenant’s own tokens see the status of their project', async () => {
    const token = api.tenant('counted');
    for (const name of ['a', 'b', 'c']) await put(name, token, '{"value":1}');
    const view = viewIn(await status(undefined, token));
    assert.deepEqual([view.keys, view.project_id], [3, 'project-counted']);
    const own = key('own', undefined, 'counted');
    assert.equal(viewIn(await status('project-counted', own)).keys, 3);
    isProblem(await status(undefined, own), 400, 'project_required');
  });

  test('a token whose store does not exist has the status of what is not enabled', async () => {
    const { token, object } = kvToken({ namespace: 'homeless' });
    api.tokens.upsert(object);
    const view = viewIn(await status(undefined, token));
    assert.deepEqual([view.enabled, view.project_id], [false, null]);
  });
});
