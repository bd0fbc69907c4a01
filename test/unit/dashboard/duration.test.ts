import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLeft, formatMoment, secondsOf } from '../../../dashboard/src/time/duration.ts';

test('an amount is whole seconds from one on, or none', () => {
  assert.equal(secondsOf('15', 'minutes'), 900);
  assert.equal(secondsOf(' 1.5 ', 'hours'), 5400);
  assert.equal(secondsOf('0.2', 'seconds'), undefined);
  for (const none of ['', '0', '-1', '1e3', 'ten', '1,5']) assert.equal(secondsOf(none, 'seconds'), undefined, none);
});

test('the time left has its two largest units, and is nothing when it is over', () => {
  const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
  assert.deepEqual([2 * day + 3 * hour, hour + 5 * minute, 2 * minute + 4 * second, 1, 0, -5].map(formatLeft), [
    '2 d 03 h',
    '1 h 05 min',
    '2 min 04 s',
    '1 s',
    '',
    '',
  ]);
});

test('a moment beyond all calendars is said to be so', () => {
  assert.match(formatMoment(2 ** 53 * 1000), /far future/);
  assert.match(formatMoment(Date.UTC(2026, 5, 1, 12)), /2026/);
});
