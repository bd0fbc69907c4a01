import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { KVBackup } from '../../../contract/objects.ts';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { kvBackup, kvBackupSchedule, kvStore, kvToken } from '../../unit/dataplane/objects.ts';
import { type Api, startApi } from './api.ts';
import { type Answer, createClient, isProblem } from './client.ts';
import { createStage, type Stage, TENANTS } from './manage-editor.ts';

const backup = { target: { volume: { claimName: 'backups' } } };
const completed: KVBackup['status'] = {
  phase: 'Completed',
  attempts: 1,
  size: 2048,
  keys: 7,
  expiringKeys: 2,
  startedAt: '2026-01-01T03:00:00Z',
  completedAt: '2026-01-01T03:00:09Z',
  location: { object: 'cubby-tenants/shop/first-1234abcd', target: backup.target },
  source: { projectId: 'shop' },
};

describe('backups over the API', () => {
  let api: Api;
  let stage: Stage;
  let admin: string;
  let tenant: string;
  const { call } = createClient(() => api);

  before(async () => {
    stage = createStage();
    const { management, reader } = stage;
    api = await startApi({ stores: createMemoryStores(), management, backups: reader });
    const key = kvToken({ namespace: 'cubby-system', name: 'admin', type: 'ApiKey', role: 'SystemAdmin' });
    const own = kvToken({ namespace: TENANTS, storeRef: { name: 'shop' } });
    for (const { object } of [key, own]) api.tokens.upsert(object);
    [admin, tenant] = [key.token, own.token];
    stage.showIn = api.stores;
    api.tenant('elsewhere', { store: { name: 'cache', projectId: 'far' } });
  });
  beforeEach(() => {
    for (const all of [stage.objects, stage.backups, stage.schedules]) all.clear();
    for (const [projectId, fields] of [
      ['shop', { backup }],
      ['blog', {}],
    ] as const) {
      const store = kvStore({ namespace: TENANTS, name: projectId, projectId, ...fields });
      stage.objects.set(projectId, store);
      api.stores.upsert(structuredClone(store));
    }
  });
  after(() => api.close());

  function send(method: string, path: string, body?: object, token = admin): Promise<Answer> {
    const init = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return call(`/api/kv/${path}`, token, { method, ...init });
  }
  const list = async (project = 'shop', token = admin) =>
    (await send('GET', `backups?project_id=${project}`, undefined, token)).json as {
      backups: { name: string; [field: string]: unknown }[];
      place: unknown;
    };
  const has = (name: string, fields: Parameters<typeof kvBackup>[0] = {}) =>
    stage.backups.set(name, kvBackup({ namespace: TENANTS, name, storeRef: { name: 'shop' }, ...fields }));

  describe('of a store', () => {
    test('one is asked for, found under its name, and told in the audit log', async () => {
      const answer = await send('POST', 'backups', { project_id: 'shop', name: 'before-sale' });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(stage.backups.get('before-sale')?.spec, {
        storeRef: { name: 'shop' },
        deletionPolicy: 'Retain',
      });
      const read = await send('GET', 'backups/before-sale?project_id=shop');
      assert.deepEqual([read.status, read.json.state], [200, 'pending']);
      assert.deepEqual(read.json, answer.json.backup);
      const line = api
        .logged()
        .split('\n')
        .find((each) => each.includes('"createBackup"') && each.includes('before-sale'));
      assert.deepEqual(JSON.parse(line ?? '{}').changed, ['KVBackup before-sale']);
    });

    test('a name that is made up is the store, the time, and fits a KVBackup', async () => {
      const name = 'a'.repeat(40);
      const store = kvStore({ namespace: TENANTS, name, projectId: name, backup });
      stage.objects.set(name, store);
      const { json } = await send('POST', 'backups', { project_id: name, deletion_policy: 'Delete' });
      const made = json.backup as { name: string; deletion_policy: string };
      assert.match(made.name, /^a{28}-\d{8}-\d{4}-[0-9a-f]{6}$/);
      assert.equal(made.deletion_policy, 'Delete');
    });

    test('one needs a store, and a place to go to', async () => {
      isProblem(await send('POST', 'backups', { project_id: 'none' }), 404, 'not_found', /enable/);
      isProblem(await send('POST', 'backups', { project_id: 'blog' }), 409, 'conflict', /backup-place/);
      isProblem(await send('POST', 'backups', { project_id: 'far' }), 403, 'forbidden', /namespace elsewhere/);
      has('taken');
      isProblem(await send('POST', 'backups', { project_id: 'shop', name: 'taken' }), 409, 'conflict', /taken/);
      stage.fail('refused', 1, 'KVBackup.cubby.dev "x" is invalid: spec: no');
      isProblem(
        await send('POST', 'backups', { project_id: 'shop' }),
        400,
        'bad_request',
        /^the KVBackup is refused: spec/,
      );
    });

    test('the list shows those of the project alone, newest first, with all that is known', async () => {
      has('first', { created: '03:00', status: completed ?? {}, labels: { 'cubby.dev/schedule': 'nightly' } });
      has('second', { created: '04:00', status: { phase: 'Running', progress: { bytes: 512 } } });
      has('other', { storeRef: { name: 'blog' } });
      has('of-an-earlier-project', { status: { phase: 'Completed', source: { projectId: 'old' } } });
      const { backups, place } = await list();
      assert.deepEqual(place, { volume: { claim_name: 'backups' } });
      assert.deepEqual(
        backups.map(({ name, state, progress_bytes }) => [name, state, progress_bytes]),
        [
          ['second', 'running', 512],
          ['first', 'completed', null],
        ],
      );
      assert.deepEqual(backups[1], {
        name: 'first',
        state: 'completed',
        message: null,
        created_at: '2026-01-01T03:00:00.000Z',
        started_at: '2026-01-01T03:00:00.000Z',
        completed_at: '2026-01-01T03:00:09.000Z',
        attempts: 1,
        progress_bytes: null,
        size: 2048,
        keys: 7,
        expiring_keys: 2,
        sha256: null,
        shards: null,
        redis_version: null,
        encrypted: null,
        place: 'backups',
        object: 'cubby-tenants/shop/first-1234abcd',
        schedule: 'nightly',
        deletion_policy: 'Retain',
      });
    });

    test('a token of the project sees them and changes nothing; one of another sees none', async () => {
      has('first', { status: completed ?? {} });
      assert.deepEqual(
        (await list('ignored', tenant)).backups.map(({ name }) => name),
        ['first'],
      );
      for (const [method, path, body] of [
        ['POST', 'backups', {}],
        ['DELETE', 'backups/first', undefined],
        ['PUT', 'backup-place', { volume: { claim_name: 'mine' } }],
        ['PUT', 'backup-schedules/nightly', { schedule: '@daily' }],
        ['DELETE', 'backup-schedules/nightly', undefined],
        ['POST', 'restore', { backup: 'first' }],
        ['POST', 'failover', {}],
      ] as const)
        isProblem(await send(method, path, body, tenant), 403, 'forbidden', /SystemAdmin/);
      const foreign = kvToken({ namespace: 'elsewhere', name: 'key', type: 'ApiKey' });
      api.tokens.upsert(foreign.object);
      isProblem(await send('GET', 'backups?project_id=shop', undefined, foreign.token), 404, 'not_found');
      isProblem(await send('GET', 'backups/first?project_id=blog'), 404, 'not_found');
    });

    test('the backups of a store that is gone are still shown to a key with a role', async () => {
      has('last', { storeRef: { name: 'gone' }, status: { ...completed, source: { projectId: 'gone' } } });
      assert.deepEqual(
        (await list('gone')).backups.map(({ name }) => name),
        ['last'],
      );
    });

    test('deleting one says what becomes of what it stored, as it says itself or as is asked for', async () => {
      const remove = async (name: string, more = '') =>
        (await send('DELETE', `backups/${name}?project_id=shop${more}`)).json;
      for (const name of ['kept', 'changed']) has(name, { status: completed ?? {} });
      has('gone', { deletionPolicy: 'Delete' });
      assert.match(String((await remove('kept')).message), /is kept/);
      assert.match(String((await remove('gone')).message), /with what it stored/);
      assert.match(String((await remove('changed', '&data=delete')).message), /with what it stored/);
      assert.equal(stage.backups.size, 0);
      has('other', { storeRef: { name: 'blog' } });
      isProblem(await send('DELETE', 'backups/other?project_id=shop'), 404, 'not_found');
      isProblem(await send('DELETE', 'backups/other?project_id=blog&data=perhaps'), 400, 'bad_request', /data/);
    });
  });

  describe('their place', () => {
    test('replaces the one before, whatever that had', async () => {
      const s3 = { bucket: 'kv', credentials_secret: 's3', endpoint: 'https://s3.example.com', prefix: 'cubby' };
      const put = (body: object) => send('PUT', 'backup-place', { project_id: 'shop', ...body });
      assert.equal((await put({ s3, encryption_secret: 'age' })).status, 200);
      assert.deepEqual(stage.objects.get('shop')?.spec.backup, {
        target: {
          s3: {
            bucket: 'kv',
            credentialsSecret: { name: 's3' },
            endpoint: 'https://s3.example.com',
            prefix: 'cubby',
          },
        },
        encryption: { secret: { name: 'age' } },
      });
      assert.deepEqual((await list()).place, { s3, encryption_secret: 'age' });
      assert.equal((await put({ s3: { bucket: 'other', credentials_secret: 's3' } })).status, 200);
      assert.deepEqual((await list()).place, { s3: { bucket: 'other', credentials_secret: 's3' } });
      for (const wrong of [{}, { s3, volume: { claim_name: 'v' } }])
        isProblem(await put(wrong), 400, 'bad_request', /exactly one/);
      isProblem(await put({ s3: { bucket: 'kv' } }), 400, 'bad_request', /credentials_secret/);
      isProblem(await put({ s3: { ...s3, secret_access_key: 'x' } }), 400, 'bad_request', /secret_access_key/);
    });
  });

  test('a new place with the same Secrets keeps the keys that were chosen in them', async () => {
    const encryption = { secret: { name: 'age', key: 'private' } };
    const credentialsSecret = { name: 's3', accessKeyIdKey: 'AWS_ID', secretAccessKeyKey: 'AWS_SECRET' };
    const s3 = { bucket: 'kv', region: 'eu-1', credentialsSecret, caSecret: { name: 'ca', key: 'root.pem' } };
    const live = kvStore({
      namespace: TENANTS,
      name: 'shop',
      projectId: 'shop',
      backup: { target: { s3 }, encryption },
    });
    stage.objects.set('shop', live);
    const put = async (credentials_secret: string) => {
      const place = { s3: { bucket: 'other', credentials_secret, ca_secret: 'ca' }, encryption_secret: 'age' };
      const answer = await send('PUT', 'backup-place', { project_id: 'shop', ...place });
      assert.equal(answer.status, 200, answer.text);
      return stage.objects.get('shop')?.spec.backup;
    };
    const kept = { bucket: 'other', credentialsSecret, caSecret: { name: 'ca', key: 'root.pem' } };
    assert.deepEqual(await put('s3'), { target: { s3: kept }, encryption });
    assert.deepEqual((await put('another'))?.target.s3?.credentialsSecret, { name: 'another' });
  });

  describe('their schedules', () => {
    const put = (name: string, body: object) =>
      send('PUT', `backup-schedules/${name}`, { project_id: 'shop', ...body });

    test('one is made, changed in place, listed, and deleted without its backups', async () => {
      const made = await put('nightly', {
        schedule: '0 3 * * *',
        time_zone: 'Europe/Berlin',
        keep_count: 7,
        keep_age: '30d',
      });
      assert.equal(made.status, 200, made.text);
      assert.deepEqual(stage.schedules.get('nightly')?.spec.retention, { count: 7, maxAge: '30d' });
      assert.equal((await put('nightly', { schedule: '@hourly', suspended: true, keep_count: 3 })).status, 200);
      const { spec } = stage.schedules.get('nightly') ?? assert.fail();
      assert.deepEqual(
        [spec.schedule, spec.timeZone, spec.suspend, spec.retention],
        ['@hourly', 'UTC', true, { count: 3 }],
      );
      const { json } = await send('GET', 'backup-schedules?project_id=shop');
      assert.deepEqual(json.schedules, [
        {
          name: 'nightly',
          schedule: '@hourly',
          time_zone: 'UTC',
          suspended: true,
          keep_count: 3,
          keep_age: null,
          last_scheduled_at: null,
          last_successful_at: null,
          next_at: null,
          active: null,
          message: null,
        },
      ]);
      assert.equal((await put('nightly', { schedule: '@daily' })).status, 200);
      assert.equal(stage.schedules.get('nightly')?.spec.retention, undefined);
      has('of-it', { labels: { 'cubby.dev/schedule': 'nightly' } });
      assert.equal((await send('DELETE', 'backup-schedules/nightly?project_id=shop')).status, 200);
      assert.deepEqual([stage.schedules.size, stage.backups.size], [0, 1]);
    });

    test('one of another store is not touched', async () => {
      const theirs = kvBackupSchedule({ namespace: TENANTS, name: 'theirs', storeRef: { name: 'blog' } });
      stage.schedules.set('theirs', theirs);
      isProblem(await put('theirs', { schedule: '@daily' }), 409, 'conflict', /another store/);
      isProblem(await send('DELETE', 'backup-schedules/theirs?project_id=shop'), 404, 'not_found');
      assert.equal(stage.schedules.get('theirs'), theirs);
    });

    test('one needs a place for its backups, a name and a time', async () => {
      isProblem(await put('nightly', {}), 400, 'bad_request', /schedule/);
      isProblem(await put('Nightly', { schedule: '@daily' }), 400, 'bad_request', /name/);
      isProblem(await put('nightly', { schedule: '@daily', keep_age: 'long' }), 400, 'bad_request', /keep_age/);
      isProblem(
        await put('nightly', { schedule: '@daily', time_zone: 'Europe/Atlantis' }),
        400,
        'bad_request',
        /Europe\/Berlin/,
      );
      isProblem(await put('nightly', { project_id: 'blog', schedule: '@daily' }), 409, 'conflict', /backup-place/);
    });
  });
});
