import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateIdentity } from 'age-encryption';
import { apply, condition, eventually, kubectl, read, tryKubectl } from './cluster.ts';
import { noOwnImages } from './images/provide.ts';
import { createKey } from './keys.ts';
import { load } from './load.ts';
import { assertSame, backup, claimBackups, completed, createRestored, fill, restoreIs, VOLUME } from './restoring.ts';
import { startClusterS3 } from './s3.ts';
import { answering, createNamespace, createTenant, request, store, type Tenant, token, tokenOf } from './tenant.ts';

/** Longer than it takes to begin a backup, in seconds. */
const SHORT_TTL = 25;
const SHORT_LIVED = 12;
/** Where the management API makes stores. */
const TENANTS = 'cubby-tenants';

test('a store that is written to is backed up, and its data is in a new store elsewhere, byte for byte and with its expiry', {
  skip: noOwnImages,
  timeout: 300_000,
}, async (t) => {
  const [from, to] = ['e2e-restore-from', 'e2e-restore-to'];
  const tenant = await createTenant(t, from);
  await createNamespace(t, to);
  const s3 = await startClusterS3(from);
  const identity = await generateIdentity();
  const key = (namespace: string) =>
    apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'age', namespace }, stringData: { identity } });
  await Promise.all([key(from), key(to)]);
  const encryption = { secret: { name: 'age', key: 'identity' } };
  const written = await fill(tenant);
  const writing = load(tenant, 50);
  await sleep(1_000);
  for (let n = 0; n < SHORT_LIVED; n++)
    await tenant.request('PUT', `/infra/kv/brief-${n}`, { value: n, ttl: SHORT_TTL });
  const expired = sleep(SHORT_TTL * 1000);
  await apply(backup(from, { target: await s3.target(from), encryption }));
  const { location, keys, sha256 } = await completed(from);
  assert.deepEqual(await writing.stop(), []);
  await expired;

  const object = { target: await s3.target(to), path: location.object, encryption };
  const restored = await createRestored(t, to, { version: '8.0', restoreFrom: { object } });
  const restore = await restoreIs(to, 'Completed');
  await answering(restored);
  await assertSame(restored, written);
  assert.equal((await restored.request('GET', '/infra/kv/brief-0')).status, 404, 'it had expired');
  assert.deepEqual([restore.expectedKeys, restore.sha256], [keys, sha256]);
  assert.equal(restore.keys, keys - SHORT_LIVED, 'what had expired is not restored');
  await eventually('nothing is wrong and all is as spec says', 60, async () => {
    const { status } = await read('kvstore', to, 'main');
    return status.phase === 'Ready' || undefined;
  });
  await eventually('the pod that restored is gone', 60, async () => {
    return !(await read('pod', to, 'main-redis-restore')) || undefined;
  });
  // It lasts: the append-only file has taken over what the backup brought.
  await tryKubectl(['delete', 'pod', 'main-redis-0', '-n', to, '--wait']);
  await answering(restored);
  await assertSame(restored, written);
});

test('a backup of a newer Redis is refused, and a new store waits for it and begins when its version is corrected', {
  timeout: 300_000,
}, async (t) => {
  const namespace = 'e2e-restore-newer';
  const tenant = await createTenant(t, namespace, { version: '8.0' });
  await claimBackups(namespace);
  const written = await fill(tenant);
  await apply(backup(namespace, VOLUME));
  await completed(namespace);
  const restoreFrom = { backupRef: { name: 'nightly' } };
  await apply(store(namespace, { version: '7.0', projectId: 'e2e-restored', restoreFrom }, 'other'));
  await eventually('it is refused', 120, async () => {
    const found = condition(await read('kvstore', namespace, 'other'), 'SpecAccepted');
    return (found?.reason === 'RestoreFailed' && /spec.version/.test(found.message)) || undefined;
  });
  assert.equal(await read('statefulset', namespace, 'other-redis'), undefined, 'it has not begun empty');
  await apply(store(namespace, { version: '8.0', projectId: 'e2e-restored', restoreFrom }, 'other'));
  await eventually('it is restored', 120, async () => {
    const { status } = await read('kvstore', namespace, 'other');
    return (status.restore?.phase === 'Completed' && status.phase === 'Ready') || undefined;
  });
  await apply(token(namespace, { storeRef: { name: 'other' } }, 'of-other'));
  const bearer = await tokenOf(namespace, 'of-other');
  const other = { namespace, request: (...args: [string, string]) => request(bearer, ...args) };
  await answering(other);
  await assertSame(other, written);
});

test('over the API a project gets the data of a backup by its path, and gets it again in place of what it wrote', {
  skip: noOwnImages,
  timeout: 300_000,
}, async (t) => {
  const from = 'e2e-restore-path';
  const project = 'e2e-restored-path';
  const tenant = await createTenant(t, from);
  const s3 = await startClusterS3(from);
  const written = await fill(tenant);
  await apply(backup(from, { target: await s3.target(from) }));
  const { location } = await completed(from);
  t.after(async () => {
    await kubectl('delete', 'kvstore', project, '-n', TENANTS, '--ignore-not-found');
    await kubectl('delete', 'pvc', `data-${project}-redis-0`, '-n', TENANTS, '--ignore-not-found', '--wait=false');
  });
  const { s3: at } = await s3.target(TENANTS);
  assert.ok(at);
  const { endpoint, region, bucket, credentialsSecret } = at;
  const place = { s3: { endpoint, region, bucket, credentials_secret: credentialsSecret.name } };
  const admin = await createKey(t, 'e2e-restore-admin', { role: 'SystemAdmin', scopes: ['kv:read', 'kv:write'] });
  const status = () => request(admin, 'GET', `/api/kv/status?project_id=${project}`);
  await eventually('the key is known', 10, async () => (await status()).status < 400 || undefined);
  const restore = (more = {}) =>
    request(admin, 'POST', '/api/kv/restore', { project_id: project, object: location.object, place, ...more });
  const restored = (after?: string) =>
    eventually('it is restored', 120, async () => {
      const { body } = await status();
      assert.notEqual(body.restore?.phase, 'Failed', body.restore?.message);
      const isDone = body.restore?.phase === 'Completed' && body.restore.finished_at !== after && body.healthy;
      return isDone ? body.restore : undefined;
    });
  const copy: Tenant = {
    namespace: TENANTS,
    request: (method, path, body) =>
      request(admin, method, `${path}?project_id=${project}`, body && { project_id: project, ...(body as object) }),
  };

  const made = await restore();
  assert.equal(made.status, 200, made.text);
  const { finished_at, keys, expected_keys } = await restored();
  assert.deepEqual([keys, expected_keys], [written.size, written.size]);
  await answering(copy);
  await assertSame(copy, written);
  assert.equal((await copy.request('PUT', '/infra/kv/newer', { value: 1 })).status, 200);
  assert.equal((await restore()).status, 409);
  const again = await restore({ overwrite_data: true });
  assert.equal(again.status, 200, again.text);
  await restored(finished_at);
  await answering(copy);
  await assertSame(copy, written);
  assert.equal((await copy.request('GET', '/infra/kv/newer')).status, 404);
});
