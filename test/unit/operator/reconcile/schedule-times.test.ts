import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KVBackupSchedule } from '../../../../contract/objects.ts';
import { dueNow, readTimes, ScheduleError } from '../../../../operator/reconcile/schedule-times.ts';
import { schedule } from '../objects.ts';

const at = (text: string) => new Date(text);
const times = (pattern: string, timeZone = 'UTC') => readTimes({ schedule: pattern, timeZone });
const due = (status: KVBackupSchedule['status'], now: string, spec: Partial<KVBackupSchedule['spec']> = {}) => {
  const object = schedule(spec, status);
  return dueNow(object, readTimes(object.spec), at(now));
};
const promised = (nextScheduleTime?: string) => ({
  observedGeneration: 3,
  ...(nextScheduleTime !== undefined && { nextScheduleTime }),
});

test('times are those of the time zone, in summer and in winter', () => {
  const berlin = times('0 3 * * *', 'Europe/Berlin');
  assert.deepEqual(berlin.next(at('2026-07-01T12:00:00Z')), at('2026-07-02T01:00:00Z'));
  assert.deepEqual(berlin.next(at('2026-12-01T12:00:00Z')), at('2026-12-02T02:00:00Z'));
  assert.deepEqual(times('@daily').next(at('2026-07-01T12:00:00Z')), at('2026-07-02T00:00:00Z'));
});

test('a time that a clock leaves out counts when it is over, and one that comes twice counts once', () => {
  const berlin = times('30 2 * * *', 'Europe/Berlin');
  assert.deepEqual(berlin.next(at('2026-03-28T12:00:00Z')), at('2026-03-29T01:00:00Z'));
  const autumn = berlin.next(at('2026-10-24T12:00:00Z'));
  assert.deepEqual(autumn, at('2026-10-25T00:30:00Z'));
  assert.deepEqual(berlin.next(autumn as Date), at('2026-10-26T01:30:00Z'));
});

test('every half an hour goes on through the hour that comes twice', () => {
  const berlin = times('*/30 * * * *', 'Europe/Berlin');
  const found = ['2026-10-25T00:30:00Z', '2026-10-25T01:00:00Z', '2026-10-25T01:30:00Z'].map((text) =>
    berlin.next(at(text)),
  );
  assert.deepEqual(found, [at('2026-10-25T01:00:00Z'), at('2026-10-25T01:30:00Z'), at('2026-10-25T02:00:00Z')]);
});

test('the last time is one that has come, to the second', () => {
  const { last } = times('0 3 * * *');
  assert.deepEqual(last(at('2026-07-02T03:00:00.000Z')), at('2026-07-02T03:00:00Z'));
  assert.deepEqual(last(at('2026-07-02T02:59:59.999Z')), at('2026-07-01T03:00:00Z'));
});

test('what is no schedule and no time zone is told with a remedy, and a time that never comes is none', () => {
  assert.throws(() => times('61 * * * *'), ScheduleError);
  assert.throws(() => times('61 * * * *'), /"0 3 \* \* \*"/);
  assert.throws(() => times('0 3 * * *', 'Mars/Olympus'), /Europe\/Berlin/);
  assert.equal(times('0 0 30 2 *').next(at('2026-01-01T00:00:00Z')), undefined);
});

test('a backup is due when the promised time has come, and not a moment sooner', () => {
  const status = promised('2026-07-02T03:00:00Z');
  assert.deepEqual(due(status, '2026-07-02T02:59:59Z'), { next: at('2026-07-02T03:00:00Z') });
  assert.deepEqual(due(status, '2026-07-02T03:00:00Z'), {
    due: at('2026-07-02T03:00:00Z'),
    next: at('2026-07-03T03:00:00Z'),
  });
});

test('of the times that were missed the last one is made up for, once, within the deadline', () => {
  const status = promised('2026-07-02T03:00:00Z');
  const late = { due: at('2026-07-04T03:00:00Z'), next: at('2026-07-05T03:00:00Z') };
  assert.deepEqual(due(status, '2026-07-04T03:59:00Z'), late);
  const tooLate = { missed: at('2026-07-04T03:00:00Z'), next: at('2026-07-05T03:00:00Z') };
  assert.deepEqual(due(status, '2026-07-04T04:00:01Z'), tooLate);
  assert.deepEqual(due(promised('2026-07-05T03:00:00Z'), '2026-07-04T04:10:00Z'), { next: at('2026-07-05T03:00:00Z') });
});

test('a schedule that nobody has seen yet owes what came since it was made', () => {
  assert.deepEqual(due(undefined, '2026-01-01T03:10:00Z').due, at('2026-01-01T03:00:00Z'));
  assert.equal(due(undefined, '2026-01-01T02:00:00Z').due, undefined);
});

test('nothing is made up for after a change of the schedule or a suspension', () => {
  const changed = due(promised('2026-07-02T05:00:00Z'), '2026-07-02T05:10:00Z');
  assert.deepEqual(changed, { next: at('2026-07-03T03:00:00Z') });
  assert.deepEqual(due(promised(), '2026-07-02T03:10:00Z'), { next: at('2026-07-03T03:00:00Z') });
});
