import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STORED_FINALIZER } from '../../../contract/labels.ts';
import {
  askedBackupName,
  finalizersToDeleteStored,
  scheduledBackup,
  scheduledBackupName,
} from '../../../contract/new-backup.ts';
import type { KVBackup, KVBackupSchedule } from '../../../contract/objects.ts';

const time = new Date('2026-10-25T00:30:59Z');

test("a schedule's backup is called by it and the minute in UTC", () => {
  assert.equal(scheduledBackupName('nightly', time), 'nightly-202610250030');
});

test('one that is asked for is called by its store and the minute, in at most 52 characters', () => {
  const random = Uint8Array.of(1, 0xab, 255);
  assert.equal(askedBackupName('main', time, random), 'main-20261025-0030-01abff');
  const longest = askedBackupName('s'.repeat(40), time, random);
  assert.equal(longest, `${'s'.repeat(28)}-20261025-0030-01abff`);
  assert.ok(longest.length <= 52);
});

test("a schedule's backup goes where the schedule says, or where the store does, and goes with what it stored", () => {
  const metadata = { namespace: 'ns', name: 'nightly' } as KVBackupSchedule['metadata'];
  const spec = { storeRef: { name: 'main' } } as KVBackupSchedule['spec'];
  assert.deepEqual(scheduledBackup({ metadata, spec }, time), {
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVBackup',
    metadata: { namespace: 'ns', name: 'nightly-202610250030', labels: { 'cubby.dev/schedule': 'nightly' } },
    spec: { storeRef: { name: 'main' }, deletionPolicy: 'Delete' },
  });
  const target = { volume: { claimName: 'vault' } } as NonNullable<KVBackupSchedule['spec']['target']>;
  assert.deepEqual(scheduledBackup({ metadata, spec: { ...spec, target } }, time).spec, {
    storeRef: { name: 'main' },
    target,
    deletionPolicy: 'Delete',
  });
});

test('a backup that goes with what it stored is held once, beside what others hold, unless it is going', () => {
  const held = (metadata: object) => finalizersToDeleteStored({ metadata: metadata as KVBackup['metadata'] });
  assert.deepEqual(held({}), [STORED_FINALIZER]);
  assert.deepEqual(held({ finalizers: ['a', STORED_FINALIZER] }), ['a', STORED_FINALIZER]);
  assert.equal(held({ deletionTimestamp: '2026-10-25T00:00:00Z' }), undefined);
});
