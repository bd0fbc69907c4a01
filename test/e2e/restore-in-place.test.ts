import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateIdentity } from 'age-encryption';
import { apply, eventually, read, tryKubectl } from './cluster.ts';
import { createLoopVolume, noLoopVolumes } from './loop-volume.ts';
import {
  assertSame,
  backup,
  claimBackups,
  completed,
  edit,
  fill,
  onVolume,
  podUid,
  refusedBy,
  restoreIs,
  VOLUME,
} from './restoring.ts';
import { startClusterS3 } from './s3.ts';
import { answering, createTenant, request, store, type Tenant, token, tokenOf } from './tenant.ts';

test('data is replaced only where that is confirmed, and serves until the backup is found good', {
  timeout: 400_000,
}, async (t) => {
  const namespace = 'e2e-restore-in-place';
  const tenant = await createTenant(t, namespace);
  await claimBackups(namespace);
  const written = await fill(tenant);
  await apply(backup(namespace, VOLUME));
  const { location, keys } = await completed(namespace);
  for (const key of written.keys()) await tenant.request('DELETE', `/infra/kv/${key}`);
  await tenant.request('PUT', '/infra/kv/newer', { value: 'than the backup' });
  const before = await podUid(namespace);
  const serves = async () => {
    const { body } = await tenant.request('GET', '/infra/kv/newer');
    assert.equal(body.value, 'than the backup');
    assert.equal(await podUid(namespace), before, 'the same Redis');
  };

  await edit(namespace, { restoreFrom: { backupRef: { name: 'nightly' } } });
  await refusedBy(namespace, 'RestoreRefused', /overwriteData: true/);
  await serves();

  const path = location.object;
  const damage = (name: string, change: string) =>
    onVolume(
      namespace,
      name,
      `const fs = require('fs'); const from = '/backup/${path}', to = '/backup/${name}';
       fs.copyFileSync(from + '.json', to + '.json'); const data = fs.readFileSync(from + '.rdb');
       ${change}; fs.writeFileSync(to + '.rdb', data)`,
    );
  await damage('flipped', 'data[data.length >> 1] ^= 1');
  await onVolume(
    namespace,
    'truncated',
    `const fs = require('fs'); const from = '/backup/${path}', to = '/backup/truncated';
     fs.copyFileSync(from + '.json', to + '.json');
     fs.writeFileSync(to + '.rdb', fs.readFileSync(from + '.rdb').subarray(0, -20))`,
  );
  const identity = await generateIdentity();
  await apply(
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'right', namespace }, stringData: { identity } },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'wrong', namespace },
      stringData: { identity: await generateIdentity() },
    },
  );
  const encryption = (name: string) => ({ secret: { name, key: 'identity' } });
  await apply(backup(namespace, { ...VOLUME, encryption: encryption('right') }, 'sealed'));
  const sealed = (await completed(namespace, 'sealed')).location.object;

  for (const [what, object, message] of [
    ['flipped', { ...VOLUME, path: 'flipped' }, /no sound RDB|damaged/],
    ['truncated', { ...VOLUME, path: 'truncated' }, /damaged/],
    ['absent', { ...VOLUME, path: 'absent' }, /there is no backup absent/],
    ['other key', { ...VOLUME, path: sealed, encryption: encryption('wrong') }, /key/],
    ['no key', { ...VOLUME, path: sealed }, /encrypted/],
  ] as const) {
    await edit(namespace, { restoreFrom: null });
    await edit(namespace, { restoreFrom: { object, overwriteData: true } });
    await refusedBy(namespace, 'RestoreFailed', message);
    await serves();
    assert.equal((await restoreIs(namespace, 'Failed')).phase, 'Failed', what);
  }

  await edit(namespace, { restoreFrom: null });
  await edit(namespace, { restoreFrom: { backupRef: { name: 'nightly' }, overwriteData: true } });
  const restore = await restoreIs(namespace, 'Completed');
  await answering(tenant);
  await assertSame(tenant, written);
  assert.equal((await tenant.request('GET', '/infra/kv/newer')).status, 404);
  assert.equal(restore.expectedKeys, keys);
  await eventually('nothing is wrong', 60, async () => {
    const { status } = await read('kvstore', namespace, 'main');
    return status.phase === 'Ready' || undefined;
  });
  // Done once for each time that it is asked for: what is written now is not replaced again.
  await tenant.request('PUT', '/infra/kv/newest', { value: 1 });
  await edit(namespace, { memory: '40Mi' });
  await sleep(5_000);
  assert.equal((await tenant.request('GET', '/infra/kv/newest')).status, 200);
  await edit(namespace, { restoreFrom: null });
  await eventually('the operator has seen it', 60, async () => {
    const { metadata, status } = await read('kvstore', namespace, 'main');
    return status.observedGeneration === metadata.generation || undefined;
  });
  await edit(namespace, { restoreFrom: { backupRef: { name: 'nightly' }, overwriteData: true } });
  await eventually('it is restored again', 120, async () => {
    const { status } = await read('kvstore', namespace, 'main');
    const { phase, finishedAt } = status.restore;
    return (phase === 'Completed' && finishedAt !== restore.finishedAt) || undefined;
  });
  await answering(tenant);
  await assertSame(tenant, written);
  assert.equal((await tenant.request('GET', '/infra/kv/newest')).status, 404);
});

test('a volume without room for the backup keeps serving what it has', {
  skip: noLoopVolumes,
  timeout: 300_000,
}, async (t) => {
  const [from, to] = ['e2e-restore-large', 'e2e-restore-small'];
  const volume = await createLoopVolume(t, to, 64);
  const large = await createTenant(t, from, { memory: '128Mi' });
  const s3 = await startClusterS3(from);
  for (let n = 0; n < 60; n++) {
    const value = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString('base64');
    for (const part of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
      assert.equal((await large.request('PUT', `/infra/kv/${part}-${n}`, { value: part + value })).status, 200);
  }
  await apply(backup(from, { target: await s3.target(from) }));
  const { location } = await completed(from);
  const persistence = { size: '64Mi', storageClassName: volume.storageClassName };
  const small = await createTenant(t, to, { memory: '128Mi', persistence });
  await small.request('PUT', '/infra/kv/own', { value: 1 });
  const before = await podUid(to);
  const object = { target: await s3.target(to), path: location.object };
  await edit(to, { restoreFrom: { object, overwriteData: true } });
  await refusedBy(to, 'RestoreFailed', /spec.persistence.size/);
  assert.equal((await small.request('GET', '/infra/kv/own')).status, 200);
  assert.equal((await small.request('PUT', '/infra/kv/own', { value: 2 })).status, 200, 'and it has room to write');
  assert.equal(await podUid(to), before);
});

test('a Redis that does not start with the backup gets its own data back', { timeout: 400_000 }, async (t) => {
  const namespace = 'e2e-restore-too-large';
  const large = await createTenant(t, namespace, { memory: '192Mi' });
  await claimBackups(namespace);
  // It takes little room in the backup, and more than its container may use in the memory of the small store.
  for (let n = 0; n < 700; n++)
    assert.equal((await large.request('PUT', `/infra/kv/large-${n}`, { value: 'x'.repeat(200_000) })).status, 200);
  await apply(backup(namespace, VOLUME));
  await completed(namespace);
  await apply(
    store(namespace, { memory: '16Mi', projectId: 'e2e-too-small' }, 'small'),
    token(namespace, { storeRef: { name: 'small' } }, 'of-small'),
  );
  const bearer = await tokenOf(namespace, 'of-small');
  const small: Tenant = { namespace, request: (method, path, body) => request(bearer, method, path, body) };
  await answering(small);
  await small.request('PUT', '/infra/kv/own', { value: 'data' });
  const patch = JSON.stringify({ spec: { restoreFrom: { backupRef: { name: 'nightly' }, overwriteData: true } } });
  await tryKubectl(['patch', 'kvstore', 'small', '-n', namespace, '--type=merge', '-p', patch]);
  const restore = await eventually('it is given up', 240, async () => {
    const { status } = await read('kvstore', namespace, 'small');
    return status.restore?.phase === 'Failed' ? status.restore : undefined;
  });
  assert.match(restore.message, /raise spec.memory/);
  await answering(small);
  assert.equal((await small.request('GET', '/infra/kv/own')).body.value, 'data');
});
