import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kvBackupSchedule, kvStore } from '../../unit/dataplane/objects.ts';
import { isProblem } from './client.ts';
import { startManagedBackups } from './manage-backups.ts';
import { TENANTS } from './manage-editor.ts';

const { stage, send, list, has } = await startManagedBackups();

describe('the place of backups over the API', () => {
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
});

describe('schedules of backups over the API', () => {
  const put = (name: string, body: object) => send('PUT', `backup-schedules/${name}`, { project_id: 'shop', ...body });

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
