import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, condition, eventually, kubectl, read, tryKubectl } from './cluster.ts';
import { noOwnImages } from './images/provide.ts';
import { load } from './load.ts';
import { backup, claimBackups, edit, VOLUME } from './restoring.ts';
import { startClusterS3 } from './s3.ts';
import { createTenant, type Tenant } from './tenant.ts';

const SYSTEM = 'cubby-system';

/** The backup's status once it is in that phase. */
const is = (namespace: string, phase: string, name = 'nightly', seconds = 120) =>
  eventually(`the backup ${namespace}/${name} is ${phase}`, seconds, async () => {
    const { status } = (await read('kvbackup', namespace, name)) ?? {};
    if (phase === 'Completed') assert.notEqual(status?.phase, 'Failed', JSON.stringify(status?.conditions));
    return status?.phase === phase ? status : undefined;
  });

const gone = (kind: string, namespace: string, name: string, seconds = 90) =>
  eventually(
    `${kind} ${namespace}/${name} is gone`,
    seconds,
    async () => (await read(kind, namespace, name)) === undefined,
  );

async function fill(tenant: Tenant, keys: number): Promise<void> {
  for (let n = 0; n < keys; n++)
    assert.equal((await tenant.request('PUT', `/infra/kv/key-${n}`, { value: 'x'.repeat(1_000) })).status, 200);
}

test('a store that is written to is backed up to S3, with no trace left, and deleting the backup deletes what it stored', {
  skip: noOwnImages,
  timeout: 300_000,
}, async (t) => {
  const namespace = 'e2e-backup';
  const tenant = await createTenant(t, namespace);
  const s3 = await startClusterS3(namespace);
  await fill(tenant, 200);
  const writing = load(tenant, 50);
  await apply(backup(namespace, { target: await s3.target(namespace), deletionPolicy: 'Delete' }));
  const status = await is(namespace, 'Completed');
  assert.deepEqual(await writing.stop(), []);
  assert.ok(status.keys >= 200 && status.size > 1_000 && /^8|^7/.test(status.redisVersion), JSON.stringify(status));
  assert.equal(status.attempts, 1);
  const { object } = status.location;
  assert.deepEqual(await s3.stored(), [`./${object}.json`, `./${object}.rdb`]);
  await gone('secret', namespace, 'main-redis-backup');
  await gone('pod', namespace, 'nightly-backup');
  const policy = JSON.stringify(await read('networkpolicy', namespace, 'main-redis'));
  assert.doesNotMatch(policy, /redis-backup/);
  const events = await kubectl('get', 'events', '-n', namespace, '-o', 'jsonpath={..reason}');
  assert.match(events, /\bCompleted\b/);
  assert.match(await kubectl('get', 'kvb', '-n', namespace), /nightly +main +Completed +\d+ +\d+/);

  await kubectl('delete', 'kvbackup', 'nightly', '-n', namespace, '--timeout=90s');
  assert.deepEqual(await s3.stored(), []);
  const { code } = await tryKubectl([
    'wait',
    'kvstore/main',
    '-n',
    namespace,
    '--for=condition=Ready',
    '--timeout=30s',
  ]);
  assert.equal(code, 0);
});

test('an S3 server that is away is waited for, one that refuses is told, and the operator may end meanwhile', {
  skip: noOwnImages,
  timeout: 400_000,
}, async (t) => {
  const namespace = 'e2e-backup-away';
  const tenant = await createTenant(t, namespace);
  await fill(tenant, 50);
  const s3 = await startClusterS3(namespace);
  const target = await s3.target(namespace);
  const refused = { s3: { ...target.s3, bucket: 'another' } };
  await apply(backup(namespace, { target: refused }, 'refused'));
  const failed = await is(namespace, 'Failed', 'refused');
  assert.equal(condition({ status: failed }, 'Complete')?.reason, 'TargetRefused');
  assert.match(await kubectl('logs', 'refused-backup', '-n', namespace), /no such bucket/);

  await kubectl('delete', 'pod', s3.pod, '-n', namespace, '--wait');
  await apply(backup(namespace, { target }));
  await eventually('an attempt has failed', 120, async () => {
    return condition(await read('kvbackup', namespace, 'nightly'), 'Complete')?.reason === 'Retrying' || undefined;
  });
  await kubectl(
    'delete',
    'pod',
    '-n',
    SYSTEM,
    '-l',
    'app.kubernetes.io/component=operator',
    '--force',
    '--grace-period=0',
  );
  await startClusterS3(namespace);
  const status = await is(namespace, 'Completed', 'nightly', 240);
  assert.ok(status.attempts > 1 && status.keys >= 50, JSON.stringify(status));
  const { object } = status.location;
  assert.deepEqual(await s3.stored(), [`./${object}.json`, `./${object}.rdb`]);
});

test('a volume is a target too, encrypted or not, and schedules keep what they are asked to', {
  skip: noOwnImages,
  timeout: 400_000,
}, async (t) => {
  const namespace = 'e2e-backup-schedule';
  const tenant = await createTenant(t, namespace);
  await fill(tenant, 20);
  await claimBackups(namespace);
  await apply({
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVBackupSchedule',
    metadata: { name: 'often', namespace },
    spec: {
      storeRef: { name: 'main' },
      schedule: '* * * * *',
      target: { volume: { ...VOLUME.target.volume, path: 'kept' } },
      retention: { count: 1 },
    },
  });
  const completed = async () => {
    const list = JSON.parse(await kubectl('get', 'kvbackups', '-n', namespace, '-o', 'json'));
    return list.items.filter(({ status }: { status?: { phase: string } }) => status?.phase === 'Completed');
  };
  const [first] = await eventually('a first backup', 120, async () => {
    const all = await completed();
    return all.length > 0 ? all : undefined;
  });
  assert.match(first.status.location.object, /^kept\/e2e-backup-schedule\/main\/often-\d{12}-/);
  const { status } = await read('kvbackupschedule', namespace, 'often');
  assert.ok(status.lastSuccessfulTime && status.nextScheduleTime, JSON.stringify(status));
  await eventually('the next one takes its place', 150, async () => {
    const all = await completed();
    return (all.length === 1 && all[0].metadata.name !== first.metadata.name) || undefined;
  });
});

test('under deletionPolicy Backup a store goes when its last backup is stored and read back, and its volume with it', {
  skip: noOwnImages,
  timeout: 400_000,
}, async (t) => {
  const namespace = 'e2e-backup-last';
  const tenant = await createTenant(t, namespace);
  const s3 = await startClusterS3(namespace);
  await edit(namespace, { deletionPolicy: 'Backup', backup: { target: await s3.target(namespace) } });
  await fill(tenant, 30);
  const { uid } = (await read('kvstore', namespace, 'main')).metadata;
  await edit(namespace, { enabled: false });
  await eventually('it is hibernated', 60, async () => {
    return (await read('kvstore', namespace, 'main')).status.phase === 'Hibernated' || undefined;
  });
  await kubectl('delete', 'kvstore', 'main', '-n', namespace, '--timeout=180s');
  const final = await read('kvbackup', namespace, `main-final-${uid.slice(0, 8)}`);
  assert.equal(condition(final, 'Verified')?.status, 'True');
  assert.equal(final.status.keys, 30);
  await gone('pvc', namespace, 'data-main-redis-0');
});

test('a namespace ends with all that is in it, however its backups are to be deleted', {
  skip: noOwnImages,
  timeout: 400_000,
}, async (t) => {
  const namespace = 'e2e-backup-ending';
  const tenant = await createTenant(t, namespace, { deletionPolicy: 'Backup', backup: VOLUME });
  await fill(tenant, 5);
  await claimBackups(namespace);
  await apply(backup(namespace, { deletionPolicy: 'Delete' }));
  await is(namespace, 'Completed');
  await kubectl('delete', 'namespace', namespace, '--wait=false');
  await eventually('the end of the namespace', 150, async () => {
    return (await read('namespace', 'default', namespace)) === undefined || undefined;
  });
});
