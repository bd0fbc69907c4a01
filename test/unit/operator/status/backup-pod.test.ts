import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBackupPod } from '../../../../operator/status/backup-pod.ts';
import { pod } from '../objects.ts';

const now = new Date('2026-01-01T00:01:00Z');
const later = new Date('2026-01-01T00:11:00Z');
const data = {
  size: 10,
  storedSize: 12,
  sha256: 'a'.repeat(64),
  keys: 1,
  expiringKeys: 0,
  redisVersion: '8.0.2',
  rdbVersion: 12,
};

const ended = (exitCode: number, message: unknown, more = {}) =>
  readBackupPod(
    pod({
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      ...more,
      containerStatuses: [
        {
          name: 'backup',
          ready: false,
          restartCount: 0,
          state: {
            terminated: {
              exitCode,
              message: typeof message === 'string' ? message : JSON.stringify(message),
              finishedAt: '2026-01-01T00:00:30Z',
            },
          },
        },
      ],
    }),
    now,
  );

test('a pod that ended well says what it has stored', () => {
  assert.deepEqual(ended(0, { ok: true, data, seconds: 1 }), { state: 'done', data });
});

test('exit code 75 asks for another try, 1 does not', () => {
  const failure = { reason: 'TargetRefused', message: 'no such bucket' };
  const endedAt = Date.parse('2026-01-01T00:00:30Z');
  assert.deepEqual(ended(1, { ok: false, ...failure }), { state: 'failed', again: false, failure, endedAt });
  assert.deepEqual(ended(75, { ok: false, ...failure }), { state: 'failed', again: true, failure, endedAt });
  const stopped = ended(75, { ok: false, reason: 'Stopped', message: 'told to end' });
  assert.ok(stopped.state === 'failed' && stopped.failure.reason === 'Stopped');
});

test('a pod that ended without a result, or with one that is none, is tried again', () => {
  for (const message of [
    '',
    'Killed',
    { ok: true, data: { ...data, sha256: 'x' }, seconds: 1 },
    { ok: false, reason: 'Whim' },
  ]) {
    const seen = ended(0, message);
    assert.ok(seen.state === 'failed' && seen.again && seen.failure.reason === 'PodEnded', JSON.stringify(message));
  }
  const killed = ended(137, '', { reason: 'Evicted', message: 'low on memory' });
  assert.match(killed.state === 'failed' ? killed.failure.message : '', /Evicted: low on memory/);
});

test('a result that says it went well does not count where the exit code says otherwise', () => {
  assert.equal(ended(1, { ok: true, data, seconds: 1 }).state, 'failed');
});

test('a pod that waits tells why, and has failed when it has waited for ten minutes', () => {
  const waiting = pod({
    phase: 'Pending',
    containerStatuses: [
      {
        name: 'backup',
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: 'ErrImagePull', message: 'denied' } },
      },
    ],
  });
  assert.deepEqual(readBackupPod(waiting, now), { state: 'waiting', why: 'ErrImagePull: denied' });
  const seen = readBackupPod(waiting, later);
  assert.ok(seen.state === 'failed' && seen.again);
  assert.equal(seen.endedAt, Date.parse('2026-01-01T00:10:00Z'));
});

test('a pod that no node takes says what the scheduler says', () => {
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no room' }];
  assert.deepEqual(readBackupPod(pod({ phase: 'Pending', conditions }), now), { state: 'waiting', why: 'no room' });
});
