import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KVBackup, KVBackupSchedule } from '../../../contract/objects.ts';
import { createNamespace, createStore, kvBackupSchedules, kvBackups, until } from '../operator/world.ts';
import { backup, condition, startCliCluster } from './cluster.ts';

const { client, cubby, json, report } = await startCliCluster();

test('setting a schedule tells when it next makes a backup, and fails where it never does', async () => {
  const namespace = await createNamespace(client, 'schedules-seen');
  await createStore({ client }, namespace, { backup });
  const key = { namespace, name: 'nightly' };
  /** Sets it, and looks at it as the operator would. */
  const set = async (cron: string, generation: number, status: object) => {
    const asked = cubby('schedule', 'set', 'nightly', 'main', cron, '-n', namespace);
    await until('set', async () => {
      const found = await client.get<KVBackupSchedule>(kvBackupSchedules, key);
      return found?.metadata.generation === generation;
    });
    await report(kvBackupSchedules, key, { observedGeneration: generation, ...status });
    return asked;
  };
  const wrong = await set('0 3 * * 9', 1, condition('Ready', 'False', 'ScheduleInvalid', 'no such day'));
  assert.deepEqual([wrong.code, /makes no backups: no such day/.test(wrong.stderr)], [1, true], wrong.stderr);
  const nextScheduleTime = new Date(Date.now() + 7_260_000).toISOString();
  const right = await set('0 3 * * *', 2, { nextScheduleTime, ...condition('Ready', 'True', 'Scheduled', 'soon') });
  assert.match(
    right.stdout,
    /^nightly backs main up at 0 3 \* \* \* \(UTC\)\nthe next backup begins at .+, in 2h\d?m?\n$/,
  );
});

test('a schedule that is run makes a backup as its own are', async () => {
  const namespace = await createNamespace(client, 'schedules-run');
  await createStore({ client }, namespace);
  const place = ['--place', 'volume:vault', '--encryption', 'age', '--keep', '3'];
  await cubby('schedule', 'set', 'nightly', 'main', '@daily', ...place, '-n', namespace);
  const asked = await json('schedule', 'run', 'nightly', '--no-wait', '-n', namespace);
  assert.match(asked.name, /^nightly-\d{12}$/);
  const made = await client.get<KVBackup>(kvBackups, { namespace, name: asked.name });
  assert.deepEqual(made?.metadata.labels, { 'cubby.dev/schedule': 'nightly' });
  assert.deepEqual(made?.spec, {
    storeRef: { name: 'main' },
    target: { volume: { claimName: 'vault' } },
    encryption: { secret: { name: 'age', key: 'identity' } },
    deletionPolicy: 'Delete',
  });
  const none = await cubby('schedule', 'run', 'hourly', '-n', namespace);
  assert.deepEqual([none.code, /cubby schedule list/.test(none.stderr)], [3, true], none.stderr);
});

test('a schedule is set, replaced, suspended, resumed, listed and deleted', async () => {
  const namespace = await createNamespace(client, 'schedules');
  await createStore({ client }, namespace, { backup });
  const set = (...args: string[]) => cubby('schedule', 'set', 'nightly', 'main', ...args, '-n', namespace);
  const spec = async () =>
    (await client.get<KVBackupSchedule>(kvBackupSchedules, { namespace, name: 'nightly' }))?.spec ?? assert.fail();
  const made = await set('0 3 * * *', '--time-zone', 'Europe/Berlin', '--keep', '7', '--keep-age', '30d');
  assert.equal(made.code, 0, made.stderr);
  assert.deepEqual((await spec()).retention, { count: 7, maxAge: '30d' });
  assert.equal((await set('@hourly', '--keep', '3')).code, 0);
  const { schedule, timeZone, retention } = await spec();
  assert.deepEqual([schedule, timeZone, retention], ['@hourly', 'UTC', { count: 3 }]);
  assert.equal((await cubby('schedule', 'suspend', 'nightly', '-n', namespace)).code, 0);
  assert.equal((await spec()).suspend, true);
  assert.match(
    (await cubby('schedule', 'list', '-n', namespace)).stdout,
    /nightly +main +@hourly +UTC +3 +– +suspended/,
  );
  assert.equal((await cubby('schedule', 'resume', 'nightly', '-n', namespace)).code, 0);
  assert.equal((await spec()).suspend, false);
  const refused = await set('each night');
  assert.deepEqual([refused.code, /five fields/.test(refused.stderr)], [2, true], refused.stderr);
  assert.equal((await cubby('schedule', 'delete', 'nightly', '-n', namespace)).code, 0);
  assert.equal((await cubby('schedule', 'suspend', 'nightly', '-n', namespace)).code, 3);
});
