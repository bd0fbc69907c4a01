import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { KVStore } from '../../../contract/objects.ts';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { kvBackup, kvStore, kvToken } from '../../unit/dataplane/objects.ts';
import { type Api, startApi } from './api.ts';
import { createClient, isProblem } from './client.ts';
import { createStage, type Stage, TENANTS } from './manage-editor.ts';

describe('restore and failover over the API', () => {
  let api: Api;
  let stage: Stage;
  let admin: string;
  const { call } = createClient(() => api);

  before(async () => {
    stage = createStage();
    api = await startApi({ stores: createMemoryStores(), management: stage.management, backups: stage.reader });
    stage.showIn = api.stores;
    const key = kvToken({ namespace: 'cubby-system', name: 'admin', type: 'ApiKey', role: 'SystemAdmin' });
    api.tokens.upsert(key.object);
    admin = key.token;
  });
  beforeEach(() => {
    stage.objects.clear();
    stage.writes.length = 0;
    put({});
    for (const [name, phase] of [
      ['whole', 'Completed'],
      ['half', 'Running'],
    ] as const)
      stage.backups.set(name, kvBackup({ namespace: TENANTS, name, status: { phase } }));
    stage.backups.set(
      'parts',
      kvBackup({ namespace: TENANTS, name: 'parts', status: { phase: 'Completed', shards: 3 } }),
    );
  });
  after(() => api.close());

  function put(fields: Partial<KVStore['spec']> & { status?: KVStore['status'] }) {
    stage.objects.set('shop', kvStore({ namespace: TENANTS, name: 'shop', projectId: 'shop', ...fields }));
  }
  const post = (path: string, body: object) =>
    call(`/api/kv/${path}`, admin, {
      method: 'POST',
      body: JSON.stringify({ project_id: 'shop', ...body }),
      headers: { 'content-type': 'application/json' },
    });

  test('data that is there is replaced only with a confirmation', async () => {
    isProblem(await post('restore', { backup: 'whole' }), 409, 'conflict', /overwrite_data/);
    assert.deepEqual(stage.writes, []);
    const answer = await post('restore', { backup: 'whole', overwrite_data: true });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(stage.objects.get('shop')?.spec.restoreFrom, {
      backupRef: { name: 'whole' },
      overwriteData: true,
    });
  });

  test('what was restored before is restored again, when the operator has seen that it was taken back', async () => {
    const restoreFrom = { backupRef: { name: 'whole' }, overwriteData: true };
    const restore = { from: 'ab', phase: 'Completed' } as const;
    put({ restoreFrom, status: { restore, observedGeneration: 1 } });
    let wasLifted = false;
    const operator = setInterval(() => {
      const live = stage.objects.get('shop');
      if (!live || live.spec.restoreFrom) return;
      wasLifted = true;
      live.status = { restore, observedGeneration: live.metadata.generation };
    }, 300);
    const answer = await post('restore', { backup: 'whole', overwrite_data: true });
    clearInterval(operator);
    assert.equal(answer.status, 200, answer.text);
    assert.ok(wasLifted, 'it was not asked for while the operator had not seen that');
    assert.deepEqual(
      stage.writes.map(({ spec }) => spec),
      [{ restoreFrom: null }, { restoreFrom }],
    );
  });

  test('a new store that waits for its backup gets another one without a moment in which it has none', async () => {
    const restoreFrom = { backupRef: { name: 'other' }, overwriteData: false };
    put({ restoreFrom, status: { restore: { from: 'ab', phase: 'Failed' }, observedGeneration: 1 } });
    assert.equal((await post('restore', { backup: 'whole', overwrite_data: true })).status, 200);
    assert.equal(stage.writes.length, 1);
  });

  test('a project without a store gets one that begins with the backup', async () => {
    const answer = await post('restore', { project_id: 'copy', backup: 'whole' });
    assert.equal(answer.status, 200, answer.text);
    const { spec } = stage.objects.get('copy') ?? assert.fail();
    assert.deepEqual(
      [spec.projectId, spec.restoreFrom],
      ['copy', { backupRef: { name: 'whole' }, overwriteData: false }],
    );
  });

  test('a store that is made of a backup of shards has as many', async () => {
    assert.equal((await post('restore', { project_id: 'spread', backup: 'parts' })).status, 200);
    assert.equal(stage.objects.get('spread')?.spec.shards, 3);
  });

  test('what is not complete, or not there, is not restored', async () => {
    isProblem(await post('restore', { backup: 'half', overwrite_data: true }), 409, 'conflict', /not complete/);
    isProblem(await post('restore', { backup: 'none', overwrite_data: true }), 404, 'not_found', /KVBackup none/);
    isProblem(await post('restore', { overwrite_data: true }), 400, 'bad_request', /exactly one/);
    isProblem(await post('restore', { backup: 'whole', object: 'a/b', overwrite_data: true }), 400, 'bad_request');
  });

  test('an object of another cluster is found in its place, or in that of the store; what was asked before is gone', async () => {
    const object = 'team/main/nightly-1234abcd';
    isProblem(await post('restore', { object, overwrite_data: true }), 400, 'bad_request', /place/);
    put({
      backup: { target: { volume: { claimName: 'v' } } },
      restoreFrom: { backupRef: { name: 'x' }, overwriteData: false },
    });
    assert.equal((await post('restore', { object, overwrite_data: true })).status, 200);
    assert.deepEqual(stage.objects.get('shop')?.spec.restoreFrom, {
      object: { path: object, target: { volume: { claimName: 'v' } } },
      overwriteData: true,
    });
    const place = { s3: { bucket: 'kv', credentials_secret: 's3' }, encryption_secret: 'age' };
    assert.equal((await post('restore', { object, place, overwrite_data: true })).status, 200);
    assert.deepEqual(stage.objects.get('shop')?.spec.restoreFrom?.object, {
      path: object,
      target: { s3: { bucket: 'kv', credentialsSecret: { name: 's3' } } },
      encryption: { secret: { name: 'age' } },
    });
  });

  test('a failover is asked for by the annotation, where a replica can take over', async () => {
    isProblem(await post('failover', {}), 409, 'conflict', /replicas/);
    const members = ['Primary', 'Replica'].map((role, i) => ({
      name: `shop-redis-${i}`,
      role,
      ready: true,
      linked: true,
    }));
    const status = { topology: { mode: 'Replicated', members: 2 }, members } as unknown as KVStore['status'];
    put({ status });
    const answer = await post('failover', {});
    assert.equal(answer.status, 200, answer.text);
    const asked = stage.objects.get('shop')?.metadata.annotations?.['cubby.dev/failover'];
    assert.ok(Math.abs(Date.parse(asked ?? '') - Date.now()) < 60_000, asked);
    const { json } = await call('/api/kv/status?project_id=shop', admin);
    assert.deepEqual(json.topology, { mode: 'Replicated', members: 2 });
    assert.deepEqual((json.members as object[])[1], {
      name: 'shop-redis-1',
      role: 'Replica',
      ready: true,
      node: null,
      linked: true,
      lag_bytes: null,
      slots: null,
    });
    put({ status: { ...status, members: members.map((each) => ({ ...each, linked: false })) } as KVStore['status'] });
    isProblem(await post('failover', {}), 409, 'conflict', /no replica/);
  });
});
