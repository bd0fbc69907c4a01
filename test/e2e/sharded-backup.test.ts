import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, eventually, kubectl, read } from './cluster.ts';
import { noOwnImages } from './images/provide.ts';
import { load } from './load.ts';
import { backup } from './restoring.ts';
import { startClusterS3 } from './s3.ts';
import { createTenant } from './tenant.ts';

const SHARDS = 3;

test('a store of shards that is written to is backed up, a part for each shard, and deleting the backup deletes them', {
  skip: noOwnImages,
  timeout: 400_000,
}, async (t) => {
  const namespace = 'e2e-sharded-backup';
  const tenant = await createTenant(t, namespace, { version: '8.0', shards: SHARDS });
  const s3 = await startClusterS3(namespace);
  const keys = Array.from({ length: 1000 }, (_, i) => `key-${i}`);
  for (let i = 0; i < keys.length; i += 100) {
    const ops = keys.slice(i, i + 100).map((key) => ({ op: 'set', key, value: key }));
    assert.equal((await tenant.request('POST', '/infra/kv', { ops })).status, 200);
  }
  const writing = load(tenant, 50);
  await apply(backup(namespace, { target: await s3.target(namespace), deletionPolicy: 'Delete' }));
  const status = await eventually('the backup is complete', 180, async () => {
    const seen = (await read('kvbackup', namespace, 'nightly'))?.status;
    assert.notEqual(seen?.phase, 'Failed', JSON.stringify(seen?.conditions));
    return seen?.phase === 'Completed' ? seen : undefined;
  });
  assert.deepEqual(await writing.stop(), []);
  assert.deepEqual([status.attempts, status.shards], [1, SHARDS]);
  assert.ok(status.keys >= keys.length, `${status.keys} keys`);
  const { object } = status.location;
  const parts = Array.from({ length: SHARDS }, (_, i) => `./${object}.${i}.rdb`);
  assert.deepEqual(await s3.stored(), [...parts, `./${object}.json`]);
  t.diagnostic(`${status.keys} keys of ${SHARDS} shards from ${status.startedAt} to ${status.completedAt}`);

  await kubectl('delete', 'kvbackup', 'nightly', '-n', namespace, '--timeout=90s');
  assert.deepEqual(await s3.stored(), []);
});
