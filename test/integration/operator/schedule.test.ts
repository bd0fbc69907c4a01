import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KVBackup } from '../../../contract/objects.ts';
import type { ApiObject } from '../../../kube/object.ts';
import { backupWhen, createSchedule, data, endPod, podOf, scheduleWhen } from './backups.ts';
import { runStore } from './store-redis.ts';
import {
  createNamespace,
  createStore,
  kvBackupSchedules,
  kvBackups,
  reasonOf,
  settled,
  startCluster,
  startWorld,
  statusWhen,
  until,
  type World,
} from './world.ts';

const { server, client: admin } = await startCluster();

const done = { ok: true, data, seconds: 1 } as const;
const backupsOf = async (namespace: string) => (await admin.list<KVBackup>(kvBackups, { namespace })).items;
const minutesAgo = (minutes: number) => new Date((Math.floor(Date.now() / 60_000) - minutes) * 60_000);
const nameAt = (time: Date) => `often-${time.toISOString().slice(0, 16).replaceAll(/[-T:]/g, '')}`;

async function runningStore(t: TestContext, name: string): Promise<{ world: World; namespace: string }> {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, name);
  await createStore(world, namespace);
  await runStore(t, world, namespace, '8.0', '10.0.0.1');
  await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
  return { world, namespace };
}

/** A schedule that promised a backup for that time, of which no operator has heard since. */
async function promise(world: World, namespace: string, time: Date, spec: Record<string, unknown> = {}): Promise<void> {
  await world.operator.stop();
  await createSchedule(world, namespace, spec);
  const status = { observedGeneration: 1, nextScheduleTime: time.toISOString().replace('.000', '') };
  await admin.patch(
    kvBackupSchedules,
    { namespace, name: 'often' },
    { status },
    { type: 'merge', subresource: 'status' },
  );
}

test('what was missed while no operator ran is made up for once, and the next time is promised', async (t) => {
  const { world, namespace } = await runningStore(t, 'schedule-missed');
  await promise(world, namespace, minutesAgo(30), { schedule: '* * * * *' });
  await world.restartOperator();
  const { lastScheduleTime = '', active = '' } = await scheduleWhen(world, namespace, 'has made one', (s) => s.active);
  assert.ok(Date.now() - Date.parse(lastScheduleTime) < 70_000, 'the last of them');
  assert.equal(active, nameAt(new Date(lastScheduleTime)));
  const [made, ...others] = await backupsOf(namespace);
  assert.deepEqual([made?.metadata.name, others], [active, []]);
  assert.deepEqual(
    [
      made?.metadata.labels?.['cubby.dev/schedule'],
      made?.spec.deletionPolicy,
      (made as ApiObject).metadata.ownerReferences,
    ],
    ['often', 'Delete', undefined],
  );
  await endPod(world, await podOf(world, namespace, `${active}-backup`), 0, done);
  const status = await scheduleWhen(world, namespace, 'tells of the success', (s) => s.lastSuccessfulTime && !s.active);
  assert.equal(reasonOf(status, 'Ready'), 'Scheduled');
});

test('what was missed for longer than the deadline is told, and left out', async (t) => {
  const { world, namespace } = await runningStore(t, 'schedule-late');
  const hourly = `${(new Date().getUTCMinutes() + 40) % 60} * * * *`;
  const [minute = 0] = hourly.split(' ').map(Number);
  const last = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 + minute * 60_000);
  if (last.getTime() > Date.now()) last.setTime(last.getTime() - 3_600_000);
  await promise(world, namespace, last, { schedule: hourly, startingDeadlineSeconds: 60 });
  await world.restartOperator();
  const status = await scheduleWhen(world, namespace, 'has gone on', (s) => s.lastScheduleTime);
  assert.equal(Date.parse(status.nextScheduleTime ?? ''), last.getTime() + 3_600_000);
  assert.deepEqual(await backupsOf(namespace), []);
  assert.ok(world.events.some(({ reason }) => reason === 'BackupMissed'));
});

test('while one is made the next is left out', async (t) => {
  const { world, namespace } = await runningStore(t, 'schedule-overlap');
  await promise(world, namespace, minutesAgo(1));
  await admin.create(kvBackups, {
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVBackup',
    metadata: { namespace, name: 'often-202001010000', labels: { 'cubby.dev/schedule': 'often' } },
    spec: { storeRef: { name: 'main' }, target: { volume: { claimName: 'vault' } } },
  } as never);
  await world.restartOperator();
  const status = await scheduleWhen(world, namespace, 'has left one out', (s) => s.lastScheduleTime);
  assert.equal(status.active, 'often-202001010000');
  assert.equal((await backupsOf(namespace)).length, 1);
  assert.ok(world.events.some(({ reason, message }) => reason === 'BackupSkipped' && /is not over yet/.test(message)));
});

test('a suspended schedule makes none and promises none, and makes up for nothing when it goes on', async (t) => {
  const { world, namespace } = await runningStore(t, 'schedule-suspended');
  await promise(world, namespace, minutesAgo(5), { suspend: true });
  await world.restartOperator();
  const suspended = await scheduleWhen(
    world,
    namespace,
    'is suspended',
    (s) => reasonOf(s, 'Ready', 'False') === 'Suspended',
  );
  assert.equal(suspended.nextScheduleTime, undefined);
  await admin.patch(kvBackupSchedules, { namespace, name: 'often' }, { spec: { suspend: false } }, { type: 'merge' });
  const status = await scheduleWhen(world, namespace, 'goes on', (s) => s.nextScheduleTime);
  assert.ok(Date.parse(status.nextScheduleTime ?? '') > Date.now() - 1_000);
});

test('what the retention does not keep is deleted with what it stored, and the newest is kept', async (t) => {
  const { world, namespace } = await runningStore(t, 'schedule-retention');
  for (const [index, day] of ['01', '02', '03'].entries()) {
    const name = `often-202601${day}0300`;
    await admin.create(kvBackups, {
      apiVersion: 'cubby.dev/v1alpha1',
      kind: 'KVBackup',
      metadata: { namespace, name, labels: { 'cubby.dev/schedule': 'often' } },
      spec: { storeRef: { name: 'main' }, target: { volume: { claimName: 'vault' } }, deletionPolicy: 'Delete' },
    } as never);
    await endPod(world, await podOf(world, namespace, `${name}-backup`), 0, done);
    await backupWhen(world, namespace, 'is complete', (s) => s.phase === 'Completed', name);
    if (index < 2) await new Promise((resolve) => setTimeout(resolve, 1_100));
  }
  await createSchedule(world, namespace, { schedule: '0 3 1 1 *', retention: { count: 2, maxAge: '1h' } });
  const remover = await podOf(world, namespace, 'often-202601010300-delete');
  await endPod(world, remover, 0, { ok: true, seconds: 1 });
  await until('one is gone', async () => (await backupsOf(namespace)).length === 2);
  await settled(world);
  const kept = (await backupsOf(namespace)).filter(({ metadata }) => !metadata.deletionTimestamp);
  assert.deepEqual(kept.map(({ metadata }) => metadata.name).sort(), ['often-202601020300', 'often-202601030300']);
});

/** A backup that a schedule called `often` has made of a store, complete for so many hours. */
async function madeBy(namespace: string, store: string, name: string, hours: number): Promise<void> {
  await admin.create(kvBackups, {
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVBackup',
    metadata: { namespace, name, labels: { 'cubby.dev/schedule': 'often' } },
    spec: { storeRef: { name: store }, target: { volume: { claimName: 'vault' } } },
  } as never);
  const completedAt = minutesAgo(hours * 60)
    .toISOString()
    .replace('.000', '');
  const options = { type: 'merge', subresource: 'status' } as const;
  await admin.patch(kvBackups, { namespace, name }, { status: { phase: 'Completed', completedAt } }, options);
}

test('what an earlier schedule of that name made of another store is neither deleted nor counted', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'schedule-others');
  await createStore(world, namespace);
  await world.operator.stop();
  await madeBy(namespace, 'before', 'of-before', 1);
  for (const hours of [50, 60]) await madeBy(namespace, 'main', `of-main-${hours}`, hours);
  await createSchedule(world, namespace, { schedule: '0 3 1 1 *', retention: { count: 1 } });
  await world.restartOperator();
  const { lastSuccessfulTime } = await scheduleWhen(world, namespace, 'is seen', (s) => s.nextScheduleTime);
  await until('one is gone', async () => (await backupsOf(namespace)).length === 2);
  await settled(world);
  const kept = (await backupsOf(namespace)).map(({ metadata }) => metadata.name).sort();
  assert.deepEqual(kept, ['of-before', 'of-main-50']);
  assert.ok(Date.parse(lastSuccessfulTime ?? '') < Date.now() - 49 * 3_600_000, lastSuccessfulTime);
});

test('what a store is still to be restored from is not deleted by the retention', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'schedule-restored');
  await createStore(world, namespace);
  await world.operator.stop();
  for (const hours of [1, 50, 60]) await madeBy(namespace, 'main', `of-main-${hours}`, hours);
  await createStore(world, namespace, { restoreFrom: { backupRef: { name: 'of-main-60' } } }, 'copy');
  await createSchedule(world, namespace, { schedule: '0 3 1 1 *', retention: { count: 1 } });
  await world.restartOperator();
  await until('one is gone', async () => (await backupsOf(namespace)).length === 2);
  await settled(world);
  const kept = (await backupsOf(namespace)).map(({ metadata }) => metadata.name).sort();
  assert.deepEqual(kept, ['of-main-1', 'of-main-60']);
});

test('what is in the way is told: no store, no such time, no such zone', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'schedule-obstacles');
  await createSchedule(world, namespace, { schedule: '0 3 * * *' });
  const says = (reason: string) =>
    scheduleWhen(world, namespace, reason, (s) => reasonOf(s, 'Ready', 'False') === reason);
  const edit = (spec: object) =>
    admin.patch(kvBackupSchedules, { namespace, name: 'often' }, { spec }, { type: 'merge' });
  await says('StoreNotFound');
  await createStore(world, namespace);
  await scheduleWhen(world, namespace, 'is ready', (s) => reasonOf(s, 'Ready') === 'Scheduled');
  await edit({ schedule: '0 3 * * 9' });
  await says('ScheduleInvalid');
  await edit({ schedule: '0 3 * * *', timeZone: 'Europe/Atlantis' });
  await says('ScheduleInvalid');
  await edit({ timeZone: 'Europe/Berlin', target: null });
  await says('TargetMissing');
});
