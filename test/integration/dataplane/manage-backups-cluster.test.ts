import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { KVBackup, KVBackupSchedule, KVStore } from '../../../contract/objects.ts';
import { formatToken, hashToken, TOKEN_RANDOM_BYTES } from '../../../contract/token.ts';
import { kvBackupSchedules, kvBackups } from '../../../dataplane/directory/backup-reader.ts';
import {
  createNamespace,
  createToken,
  kvStores,
  kvTokens,
  SYSTEM_NAMESPACE,
  startCluster,
  until,
} from '../operator/world.ts';
import { grant, startProcess } from './manage-process.ts';

const TENANTS = 'cubby-tenants';

const { server, client } = await startCluster();

describe('backup calls of the process, with the rights that it needs, beside a real API server', () => {
  let folder: string;
  let admin: string;
  let url: string;
  let child: ChildProcess | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cubby-manage-'));
    await createNamespace(client, TENANTS);
    await grant(client, TENANTS);
    await createToken({ client }, SYSTEM_NAMESPACE, { type: 'ApiKey', role: 'SystemAdmin' }, 'admin');
    admin = formatToken('ApiKey', randomBytes(TOKEN_RANDOM_BYTES));
    const status = { hashes: [hashToken(admin)] };
    const key = { namespace: SYSTEM_NAMESPACE, name: 'admin' };
    await client.patch(kvTokens, key, { status }, { type: 'merge', subresource: 'status' });
    const started = await startProcess(server.kubeconfig, folder, { namespace: TENANTS, defaultMemory: '64Mi' });
    ({ url, child } = started);
    await until(
      'the token is known',
      async () => (await send('POST', 'enable', { project_id: 'shop' })).status === 200,
    );
  });
  after(async () => {
    child?.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  async function send(method: string, path: string, body?: object) {
    const headers = { authorization: `Bearer ${admin}`, ...(body && { 'content-type': 'application/json' }) };
    const response = await fetch(`${url}/api/kv/${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests look at fields of every answer
    return { status: response.status, json: (await response.json()) as any };
  }
  async function succeed(method: string, path: string, body?: object) {
    const { status, json } = await send(method, path, body);
    assert.equal(status, 200, JSON.stringify(json));
    return json;
  }
  const store = async (name: string) =>
    (await client.get<KVStore>(kvStores, { namespace: TENANTS, name })) ?? assert.fail();

  test('a place is taken as the schema has it, and one takes the place of another of another kind', async () => {
    const s3 = { bucket: 'kv-backups', credentials_secret: 's3', endpoint: 'https://s3.example.com', prefix: 'a/b' };
    await succeed('PUT', 'backup-place', { project_id: 'shop', s3, encryption_secret: 'age' });
    const credentialsSecret = { name: 's3', accessKeyIdKey: 'accessKeyId', secretAccessKeyKey: 'secretAccessKey' };
    const written = {
      bucket: 'kv-backups',
      credentialsSecret,
      endpoint: s3.endpoint,
      prefix: 'a/b',
      region: 'us-east-1',
    };
    assert.deepEqual((await store('shop')).spec.backup, {
      target: { s3: written },
      encryption: { secret: { name: 'age', key: 'identity' } },
    });
    await succeed('PUT', 'backup-place', { project_id: 'shop', volume: { claim_name: 'backups' } });
    assert.deepEqual((await store('shop')).spec.backup, { target: { volume: { claimName: 'backups' } } });
    const wrong = { ...s3, endpoint: 's3.example.com' };
    const { status, json } = await send('PUT', 'backup-place', { project_id: 'shop', s3: wrong });
    assert.deepEqual([status, json.code], [400, 'bad_request']);
    assert.match(json.detail, /endpoint must be http/);
  });

  test('a backup is made, listed with what the operator says of it, and removed', async () => {
    await succeed('POST', 'backups', { project_id: 'shop', name: 'first' });
    const key = { namespace: TENANTS, name: 'first' };
    const object = (await client.get<KVBackup>(kvBackups, key)) ?? assert.fail();
    assert.deepEqual(object.spec, { storeRef: { name: 'shop' }, deletionPolicy: 'Retain' });
    const status = {
      phase: 'Completed',
      keys: 3,
      location: { object: 'a/first', target: { volume: { claimName: 'v' } } },
    };
    await client.patch(kvBackups, key, { status }, { type: 'merge', subresource: 'status' });
    const { backups } = await succeed('GET', 'backups?project_id=shop');
    assert.deepEqual(
      backups.map(({ name, state, keys, place }: Record<string, unknown>) => [name, state, keys, place]),
      [['first', 'completed', 3, 'v']],
    );
    assert.equal((await send('POST', 'backups', { project_id: 'shop', name: 'first' })).status, 409);
    await succeed('POST', 'restore', { project_id: 'copy', backup: 'first' });
    assert.deepEqual((await store('copy')).spec.restoreFrom, { backupRef: { name: 'first' }, overwriteData: false });
    await succeed('DELETE', 'backups/first?project_id=shop&data=delete');
    // No operator has seen any of it yet.
    const { metadata, spec } = (await client.get<KVBackup>(kvBackups, key)) ?? assert.fail('gone, and its data stays');
    assert.ok(metadata.deletionTimestamp);
    assert.deepEqual([spec.deletionPolicy, metadata.finalizers], ['Delete', ['cubby.dev/stored-backup']]);
  });

  test('a schedule is made and changed; what the schema refuses is 400', async () => {
    const put = (body: object) => send('PUT', 'backup-schedules/nightly', { project_id: 'shop', ...body });
    assert.equal(
      (await put({ schedule: '0 3 * * *', time_zone: 'Europe/Berlin', keep_count: 7, keep_age: '30d' })).status,
      200,
    );
    assert.equal((await put({ schedule: '@daily', keep_count: 3 })).status, 200);
    const object = await client.get<KVBackupSchedule>(kvBackupSchedules, { namespace: TENANTS, name: 'nightly' });
    assert.deepEqual(object?.spec, {
      storeRef: { name: 'shop' },
      schedule: '@daily',
      timeZone: 'UTC',
      suspend: false,
      startingDeadlineSeconds: 3600,
      retention: { count: 3 },
    });
    const { status, json } = await put({ schedule: 'each night' });
    assert.deepEqual([status, json.code], [400, 'bad_request']);
    assert.match(json.detail, /five fields/);
    await succeed('DELETE', 'backup-schedules/nightly?project_id=shop');
    assert.deepEqual(await succeed('GET', 'backup-schedules?project_id=shop'), { schedules: [] });
  });
});
