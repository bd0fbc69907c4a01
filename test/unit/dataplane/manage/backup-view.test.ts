import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, KVBackup } from '../../../../contract/objects.ts';
import { viewBackup, viewSchedule } from '../../../../dataplane/manage/backup-view.ts';
import { kvBackup, kvBackupSchedule } from '../objects.ts';

const condition = (type: string, status: Condition['status'], reason: string, message: string): Condition => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-01-01T03:00:00Z',
});
const completed = (...conditions: Condition[]): KVBackup =>
  kvBackup({ status: { phase: 'Completed', completedAt: '2026-01-01T03:00:09Z', conditions } });
const stored = condition('Complete', 'True', 'Completed', '7 keys are stored');

test('a backup that is whole and stored has nothing against it', () => {
  const { state, message } = viewBackup(completed(stored));
  assert.deepEqual([state, message], ['completed', null]);
});

test('a stored backup whose deletion cannot get on says why', () => {
  const backup = completed(condition('Complete', 'False', 'DeletionFailing', 'the bucket refuses'));
  const going = { ...backup, metadata: { ...backup.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } };
  const { state, message } = viewBackup(going);
  assert.deepEqual([state, message], ['deleting', 'the bucket refuses']);
});

test('a stored backup that could not be read back is not shown as complete', () => {
  const reading = viewBackup(completed(stored, condition('Verified', 'Unknown', 'Verifying', 'being read back')));
  assert.deepEqual([reading.state, reading.message], ['completed', 'being read back']);
  const corrupt = viewBackup(completed(stored, condition('Verified', 'False', 'Corrupt', 'a byte differs')));
  assert.deepEqual([corrupt.state, corrupt.message], ['failed', 'a byte differs']);
});

test('a schedule that was changed does not show the next time, nor the fault, of what it was before', () => {
  const seen = kvBackupSchedule({
    status: {
      observedGeneration: 1,
      nextScheduleTime: '2026-01-02T03:00:00Z',
      lastSuccessfulTime: '2026-01-01T03:00:09Z',
      conditions: [condition('Ready', 'False', 'LastBackupFailed', 'the volume is full')],
    },
  });
  const before = viewSchedule(seen);
  assert.deepEqual([before.next_at, before.message], ['2026-01-02T03:00:00.000Z', 'the volume is full']);
  const changed = viewSchedule({ ...seen, metadata: { ...seen.metadata, generation: 2 } });
  assert.deepEqual([changed.next_at, changed.message], [null, null]);
  assert.equal(changed.last_successful_at, '2026-01-01T03:00:09.000Z');
});
