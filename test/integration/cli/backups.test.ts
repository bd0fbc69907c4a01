import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KVBackup, KVStore } from '../../../contract/objects.ts';
import { createNamespace, createStore, kvBackups, kvStores, until } from '../operator/world.ts';
import { backup, condition, startCliCluster } from './cluster.ts';

const { client, cubby, json, report } = await startCliCluster();

/** Waits for a backup, and lets it come out as the operator would. */
async function settle(namespace: string, name: string, status: object): Promise<KVBackup> {
  const key = { namespace, name };
  await until('asked for', () => client.get<KVBackup>(kvBackups, key));
  return report(kvBackups, key, status);
}

const completed = {
  phase: 'Completed',
  keys: 42,
  size: 2048,
  redisVersion: '8.0.2',
  completedAt: new Date().toISOString(),
  location: { object: 'daily/a/main/first-1234abcd', target: backup.target },
  ...condition('Complete', 'True', 'Completed', 'stored'),
};

describe('backups', () => {
  test('one is made where the store says, waited for, listed, and deleted as is asked for', async () => {
    const namespace = await createNamespace(client, 'backups');
    await createStore({ client }, namespace, { backup });
    const made = cubby('backup', 'main', '--name', 'first', '-n', namespace);
    const object = await settle(namespace, 'first', completed);
    assert.deepEqual(object.spec, { storeRef: { name: 'main' }, deletionPolicy: 'Retain' });
    const { code, stdout, stderr } = await made;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^first is complete: 42 keys, 2\.00 KiB in volume:backups\/daily\n/);
    const { backups } = await json('backups', '-n', namespace);
    assert.deepEqual(
      backups.map(({ name, store, state, keys }: Record<string, unknown>) => [name, store, state, keys]),
      [['first', 'main', 'Completed', 42]],
    );
    const listed = await cubby('backups', '-A');
    assert.match(
      listed.stdout,
      /^NAMESPACE +NAME +STORE +STATE +KEYS +SIZE +PLACE +AGE\nbackups +first +main +Completed +42 /,
    );
    assert.deepEqual(await json('backup', 'list', 'other', '-n', namespace), { backups: [] });
    assert.match((await cubby('status', 'main', '-n', namespace)).stdout, /^last backup +\d+s ago, first$/m);
    const removed = await cubby('backup', 'delete', 'first', '--data', 'delete', '-n', namespace);
    assert.match(removed.stdout, /with what it stored/);
    // No operator has seen any of it yet.
    const { metadata, spec } =
      (await client.get<KVBackup>(kvBackups, { namespace, name: 'first' })) ?? assert.fail('gone, and its data stays');
    assert.ok(metadata.deletionTimestamp);
    assert.deepEqual([spec.deletionPolicy, metadata.finalizers], ['Delete', ['cubby.dev/stored-backup']]);
    assert.equal((await cubby('backup', 'delete', 'second', '-n', namespace)).code, 3);
  });

  test('one that fails is told with its reason, and one that takes too long goes on', async () => {
    const namespace = await createNamespace(client, 'backups-failed');
    await createStore({ client }, namespace, { backup });
    const made = cubby('backup', 'main', '--name', 'first', '-n', namespace);
    await settle(namespace, 'first', {
      phase: 'Failed',
      ...condition('Complete', 'False', 'NoSpace', 'the volume is full'),
    });
    const { code, stderr } = await made;
    assert.deepEqual([code, /failed: the volume is full/.test(stderr)], [1, true], stderr);
    const late = await cubby('backup', 'main', '--timeout', '1s', '-n', namespace);
    assert.deepEqual([late.code, /it goes on/.test(late.stderr)], [5, true], late.stderr);
  });

  test('a place is taken from the options, and is needed where the store says none', async () => {
    const namespace = await createNamespace(client, 'places');
    await createStore({ client }, namespace);
    const without = await cubby('backup', 'main', '-n', namespace);
    assert.deepEqual([without.code, /spec\.backup\.target/.test(without.stderr)], [2, true], without.stderr);
    const s3 = ['--place', 's3://kv-backups/team/a', '--credentials', 's3', '--endpoint', 'https://s3.example.com'];
    const made = await cubby(
      'backup',
      'main',
      '--name',
      's3',
      '--no-wait',
      ...s3,
      '--encryption',
      'age',
      '-n',
      namespace,
    );
    assert.equal(made.code, 0, made.stderr);
    const object = await client.get<KVBackup>(kvBackups, { namespace, name: 's3' });
    const { bucket, prefix, endpoint, credentialsSecret } = object?.spec.target?.s3 ?? assert.fail();
    assert.deepEqual(
      [bucket, prefix, endpoint, credentialsSecret.name],
      ['kv-backups', 'team/a', 'https://s3.example.com', 's3'],
    );
    assert.equal(object?.spec.encryption?.secret.name, 'age');
    for (const [args, remedy] of [
      [['--place', 'kv/team'], /s3:\/\/BUCKET/],
      [['--place', 's3://kv-backups'], /--credentials/],
      [['--region', 'eu-1'], /--place/],
      [['--place', 'volume:v', '--region', 'eu-1'], /s3:\/\/BUCKET/],
    ] as const) {
      const { code, stderr } = await cubby('backup', 'main', ...args, '-n', namespace);
      assert.deepEqual([code, remedy.test(stderr)], [2, true], stderr);
    }
  });
});

test('a hibernated store is not waited for, and may be backed up when somebody wakes it', async () => {
  const namespace = await createNamespace(client, 'backups-asleep');
  await createStore({ client }, namespace, { backup, enabled: false });
  const refused = await cubby('backup', 'main', '-n', namespace);
  assert.deepEqual([refused.code, /cubby enable main/.test(refused.stderr)], [7, true], refused.stderr);
  assert.deepEqual(await json('backups', '-n', namespace), { backups: [] });
  assert.equal((await cubby('backup', 'main', '--no-wait', '-n', namespace)).code, 0);
});

test('a stored backup that could not be read back is shown as failed', async () => {
  const namespace = await createNamespace(client, 'backups-corrupt');
  await createStore({ client }, namespace, { backup });
  assert.equal((await cubby('backup', 'main', '--name', 'last', '--no-wait', '-n', namespace)).code, 0);
  const [stored = assert.fail()] = completed.conditions;
  const corrupt = { ...stored, type: 'Verified', status: 'False', reason: 'Corrupt', message: 'a byte differs' };
  await settle(namespace, 'last', { ...completed, conditions: [stored, corrupt] });
  const [{ state, reason, message }] = (await json('backups', '-n', namespace)).backups;
  assert.deepEqual([state, reason, message], ['Failed', 'Corrupt', 'a byte differs']);
});

describe('restore', () => {
  test('a new store is made like the one of the backup; data that is there needs a confirmation', async () => {
    const namespace = await createNamespace(client, 'restore');
    await createStore({ client }, namespace, { backup, version: '7.0', memory: '128Mi' });
    const restore = (...args: string[]) => cubby('restore', ...args, '--no-wait', '-n', namespace);
    assert.equal((await cubby('backup', 'main', '--name', 'first', '--no-wait', '-n', namespace)).code, 0);
    assert.equal((await restore('copy', '--backup', 'first')).code, 7, 'not complete');
    await settle(namespace, 'first', completed);
    const made = await restore('copy', '--backup', 'first');
    assert.equal(made.code, 0, made.stderr);
    const read = async (name: string) =>
      (await client.get<KVStore>(kvStores, { namespace, name }))?.spec ?? assert.fail();
    const { version, memory, restoreFrom } = await read('copy');
    assert.deepEqual(
      [version, memory, restoreFrom],
      ['7.0', '128Mi', { backupRef: { name: 'first' }, overwriteData: false }],
    );
    const refused = await restore('main', '--backup', 'first');
    assert.deepEqual([refused.code, /--overwrite-data/.test(refused.stderr)], [7, true], refused.stderr);
    assert.equal((await read('main')).restoreFrom, undefined);
    assert.equal((await restore('main', '--backup', 'first', '--overwrite-data')).code, 0);
    assert.equal((await restore('main', '--object', 'a/b', '--overwrite-data')).code, 0);
    assert.deepEqual((await read('main')).restoreFrom, { object: { path: 'a/b', ...backup }, overwriteData: true });
    // The same again: only when the operator has seen that it was asked for no more.
    const key = { namespace, name: 'main' };
    const done = async (): Promise<boolean> => {
      const live = (await client.get<KVStore>(kvStores, key)) ?? assert.fail();
      const status = {
        observedGeneration: live.metadata.generation,
        restore: { from: 'ab', phase: 'Completed', finishedAt: '2026-01-01T00:00:00Z' },
      };
      await report(kvStores, key, status);
      return live.spec.restoreFrom === undefined;
    };
    assert.equal(await done(), false);
    const again = restore('main', '--object', 'a/b', '--overwrite-data');
    let wasAsked = true;
    for (let tries = 0; wasAsked && tries < 100; tries++) {
      await sleep(100);
      const { spec } = (await client.get<KVStore>(kvStores, key)) ?? assert.fail();
      wasAsked = spec.restoreFrom !== undefined;
    }
    await sleep(500);
    assert.equal(await done(), true, 'it is asked for no more until the operator has seen that');
    assert.equal((await again).code, 0);
    assert.equal((await read('main')).restoreFrom?.object?.path, 'a/b');
    assert.equal((await restore('third', '--backup', 'none')).code, 3);
    assert.equal((await restore('third')).code, 2);
    await report(kvBackups, { namespace, name: 'first' }, { shards: 3 });
    assert.equal((await restore('spread', '--backup', 'first')).code, 0);
    assert.equal((await read('spread')).shards, 3);
    const place = ['--object', 'a/b', '--place', 'volume:other'];
    assert.match((await restore('third', ...place)).stderr, /--version/);
    assert.equal((await restore('third', ...place, '--version', '8.0')).code, 0);
  });
});
