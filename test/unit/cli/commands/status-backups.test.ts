import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupLine, backupState } from '../../../../cli/commands/status-backups.ts';
import type { KVBackup, KVBackupSchedule } from '../../../../contract/objects.ts';

const now = Date.parse('2026-01-02T12:00:00Z');
const backup = (name: string, created: string, status: KVBackup['status']): KVBackup =>
  ({ metadata: { name, creationTimestamp: created }, spec: {}, status }) as KVBackup;
const complete = (name: string, at: string) => backup(name, at, { phase: 'Completed', completedAt: at });
const failed = (name: string, at: string) => backup(name, at, { phase: 'Failed' });
const schedule = (nextScheduleTime: string | undefined, generation = 1): KVBackupSchedule =>
  ({
    metadata: { generation },
    spec: {},
    status: { observedGeneration: 1, ...(nextScheduleTime && { nextScheduleTime }) },
  }) as KVBackupSchedule;
const line = (...of: Parameters<typeof backupState>) => backupLine(backupState(...of), now);

test('a store without backups and schedules has nothing to say of them', () => {
  assert.equal(line([], []), undefined);
});

test('the newest complete backup is told, and the soonest time at which another begins', () => {
  const backups = [complete('b', '2026-01-02T09:00:00Z'), complete('a', '2026-01-01T09:00:00Z')];
  const schedules = [schedule('2026-01-03T03:00:00Z'), schedule('2026-01-02T13:00:00Z'), schedule(undefined)];
  assert.equal(line(backups, schedules), '3h ago, b; the next in 1h');
  assert.equal(line(backups, [schedule('2026-01-02T13:00:00Z', 2)]), '3h ago, b', 'it has been changed since');
});

test('one that failed since is told, and one that failed before is not', () => {
  const kept = complete('a', '2026-01-02T09:00:00Z');
  assert.equal(line([failed('old', '2026-01-01T09:00:00Z'), kept], []), '3h ago, a');
  const since = [failed('b', '2026-01-02T10:00:00Z'), failed('c', '2026-01-02T11:00:00Z')];
  assert.equal(line([kept, ...since], []), '3h ago, a; c failed');
  assert.equal(line(since, []), 'none is complete; c failed');
});
