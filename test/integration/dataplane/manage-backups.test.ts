import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KVBackup } from '../../../contract/objects.ts';
import { kvStore, kvToken } from '../../unit/dataplane/objects.ts';
import { isProblem } from './client.ts';
import { backup, startManagedBackups } from './manage-backups.ts';
import { TENANTS } from './manage-editor.ts';

const { api, stage, tenant, send, list, has } = await startManagedBackups();

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

describe('backups of a store over the API', () => {
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
