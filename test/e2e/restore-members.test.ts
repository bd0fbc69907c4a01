import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, eventually, kubectl, read } from './cluster.ts';
import { noOwnImages } from './images/provide.ts';
import {
  assertSame,
  backup,
  claimBackups,
  completed,
  createRestored,
  edit,
  fill,
  refusedBy,
  restoreIs,
  VOLUME,
} from './restoring.ts';
import { startClusterS3 } from './s3.ts';
import { answering, createNamespace, createTenant } from './tenant.ts';

const ready = (namespace: string) =>
  eventually(`${namespace} is as spec says`, 120, async () => {
    const { status } = await read('kvstore', namespace, 'main');
    return status.phase === 'Ready' || undefined;
  });

test('the data of a replicated store is replaced on all members, and outlives a failover', {
  timeout: 400_000,
}, async (t) => {
  const namespace = 'e2e-restore-replicas';
  const tenant = await createTenant(t, namespace, { version: '8.0', replicas: 3 });
  await claimBackups(namespace);
  const written = await fill(tenant);
  await apply(backup(namespace, VOLUME));
  const { keys } = await completed(namespace);
  for (const key of written.keys()) await tenant.request('DELETE', `/infra/kv/${key}`);
  assert.equal((await tenant.request('PUT', '/infra/kv/newer', { value: 1 })).status, 200);
  await edit(namespace, { restoreFrom: { backupRef: { name: 'nightly' }, overwriteData: true } });
  const restore = await restoreIs(namespace, 'Completed', 200);
  assert.deepEqual([restore.keys, restore.expectedKeys], [keys, keys]);
  await ready(namespace);
  await answering(tenant);
  await assertSame(tenant, written);
  assert.equal((await tenant.request('GET', '/infra/kv/newer')).status, 404);
  const primary = (await read('kvstore', namespace, 'main')).status.members.find(
    ({ role }: { role: string }) => role === 'Primary',
  );
  await kubectl('delete', 'pod', primary.name, '-n', namespace, '--grace-period=0', '--force');
  await answering(tenant);
  await assertSame(tenant, written);
  assert.equal((await tenant.request('PUT', '/infra/kv/newest', { value: 1 })).status, 200);
});

test('a backup of shards is in a new store elsewhere, and in place of what its own has by then', {
  skip: noOwnImages,
  timeout: 500_000,
}, async (t) => {
  const [from, to] = ['e2e-restore-shards-from', 'e2e-restore-shards-to'];
  const tenant = await createTenant(t, from, { version: '8.0', shards: 2 });
  await createNamespace(t, to);
  const s3 = await startClusterS3(from);
  const written = await fill(tenant);
  await apply(backup(from, { target: await s3.target(from) }));
  const { location, keys } = await completed(from);

  const object = { target: await s3.target(to), path: location.object };
  const restored = await createRestored(t, to, { version: '8.0', shards: 2, restoreFrom: { object } });
  const restore = await restoreIs(to, 'Completed', 200);
  assert.deepEqual([restore.keys, restore.expectedKeys], [keys, keys]);
  await answering(restored);
  await assertSame(restored, written);
  await ready(to);
  // It lasts, and the shards still know who has which slots.
  await kubectl('delete', 'pod', 'main-redis-0', 'main-redis-1', '-n', to, '--wait');
  await answering(restored);
  await assertSame(restored, written);

  for (const key of written.keys()) await tenant.request('DELETE', `/infra/kv/${key}`);
  assert.equal((await tenant.request('PUT', '/infra/kv/newer', { value: 1 })).status, 200);
  await edit(from, { restoreFrom: { backupRef: { name: 'nightly' }, overwriteData: true } });
  await restoreIs(from, 'Completed', 200);
  await answering(tenant);
  await assertSame(tenant, written);
  assert.equal((await tenant.request('GET', '/infra/kv/newer')).status, 404);
  await ready(from);

  // One that has other shards than the backup goes on with what it has.
  await edit(to, { restoreFrom: null, shards: 3 });
  await eventually('there are three shards', 200, async () => {
    const { status } = await read('kvstore', to, 'main');
    const moved = status.members?.length === 3 && status.members.every(({ slots }: { slots: number }) => slots > 5000);
    return moved || undefined;
  });
  await edit(to, { restoreFrom: { object, overwriteData: true } });
  await refusedBy(to, 'RestoreFailed', /2 shards and the store has 3 shards/);
  // A key that goes to another shard is given the time that it has left, which costs its expiry a millisecond.
  for (const key of written.keys()) assert.equal((await restored.request('GET', `/infra/kv/${key}`)).status, 200);
});
