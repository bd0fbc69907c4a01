import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateIdentity } from 'age-encryption';
import { apply, condition, eventually, type Manifest, read, tryKubectl } from './cluster.ts';
import { noOwnImages } from './images/provide.ts';
import { load } from './load.ts';
import { createLoopVolume, noLoopVolumes } from './loop-volume.ts';
import { runPod, scriptPod } from './pod.ts';
import { startClusterS3 } from './s3.ts';
import { answering, createNamespace, createTenant, request, store, type Tenant, token, tokenOf } from './tenant.ts';

/** JSON texts of which a parser that is in the way would make others. */
const TEXTS = ['1e400', '9007199254740993', '{"b":1,"a":[0.10,"é \\u0000"]}', '"plain"', '[]', 'null'];
const KEYS = 120;
const LONG_TTL = 3600;
/** Longer than it takes to begin a backup, in seconds. */
const SHORT_TTL = 25;
const SHORT_LIVED = 12;

const VOLUME = { target: { volume: { claimName: 'backups' } } };

/** Writes values of every kind, of which every third expires late. */
async function fill(tenant: Tenant): Promise<Map<string, string>> {
  const written = new Map<string, string>();
  for (let n = 0; n < KEYS; n++) {
    const text = TEXTS[n % TEXTS.length] ?? '';
    const body = `{"value":${text}${n % 3 === 0 ? `,"ttl":${LONG_TTL}` : ''}}`;
    const { status } = await tenant.request('PUT', `/infra/kv/key-${n}`, body);
    assert.equal(status, 200);
    written.set(`key-${n}`, (await tenant.request('GET', `/infra/kv/key-${n}`)).text);
  }
  return written;
}

/** Key, value and expiry to the millisecond, as the text of the answer has them. */
async function assertSame(tenant: Tenant, written: ReadonlyMap<string, string>): Promise<void> {
  for (const [key, text] of written) assert.equal((await tenant.request('GET', `/infra/kv/${key}`)).text, text);
}

function backup(namespace: string, spec: Record<string, unknown>, name = 'nightly'): Manifest {
  const metadata = { name, namespace };
  return {
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVBackup',
    metadata,
    spec: { storeRef: { name: 'main' }, ...spec },
  };
}

const completed = (namespace: string, name = 'nightly') =>
  eventually(`the backup ${namespace}/${name}`, 90, async () => {
    const { status } = await read('kvbackup', namespace, name);
    assert.notEqual(status?.phase, 'Failed', JSON.stringify(status?.conditions));
    return status?.phase === 'Completed' ? status : undefined;
  });

const restoreIs = (namespace: string, phase: string, seconds = 120) =>
  eventually(`the restore of ${namespace} is ${phase}`, seconds, async () => {
    const { status } = await read('kvstore', namespace, 'main');
    return status?.restore?.phase === phase ? status.restore : undefined;
  });

const refusedBy = (namespace: string, reason: string, message: RegExp) =>
  eventually(`${namespace} says ${reason}: ${message}`, 120, async () => {
    const found = condition(await read('kvstore', namespace, 'main'), 'SpecAccepted');
    return (found?.reason === reason && message.test(found.message)) || undefined;
  });

async function claimBackups(namespace: string): Promise<void> {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  await apply({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'backups', namespace }, spec });
}

/** Runs a script of Node on the volume of the claim `backups`, mounted at /backup. */
async function onVolume(namespace: string, name: string, script: string): Promise<void> {
  const volumes = [{ name: 'backups', persistentVolumeClaim: { claimName: 'backups' } }];
  const securityContext = {
    runAsNonRoot: true,
    runAsUser: 999,
    runAsGroup: 999,
    fsGroup: 999,
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const container = { volumeMounts: [{ name: 'backups', mountPath: '/backup' }] };
  const pod = await scriptPod(namespace, name, `${script};console.log('done')`, {
    spec: { volumes, securityContext },
    container,
  });
  assert.equal(await runPod(pod), 'done');
}

const edit = async (namespace: string, spec: object) => {
  const patch = ['-p', JSON.stringify({ spec }), '--type=merge'];
  const { code, stderr } = await tryKubectl(['patch', 'kvstore', 'main', '-n', namespace, ...patch]);
  assert.equal(code, 0, stderr);
};

const podUid = async (namespace: string) => (await read('pod', namespace, 'main-redis-0')).metadata.uid as string;

/** A tenant of a store that is made from a backup. */
async function createRestored(t: TestContext, namespace: string, spec: Record<string, unknown>): Promise<Tenant> {
  await apply(store(namespace, spec), token(namespace));
  const bearer = await tokenOf(namespace, 'web');
  t.diagnostic(`${namespace} is made`);
  return { namespace, request: (method, path, body) => request(bearer, method, path, body) };
}

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
  // Done once: what is written now is not replaced again.
  await tenant.request('PUT', '/infra/kv/newest', { value: 1 });
  await edit(namespace, { memory: '40Mi' });
  await sleep(5_000);
  assert.equal((await tenant.request('GET', '/infra/kv/newest')).status, 200);
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
