import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  bookedSlots,
  decodeSpent,
  encodeSpent,
  historySlots,
  presentPoint,
} from '../../../../dataplane/metering/history.ts';
import { periodAt, periodStart } from '../../../../dataplane/metering/period.ts';
import { count, createTally } from '../../../../dataplane/metering/tally.ts';

const prices = { get: 800, set: 5300, delete: 5300, increment: 5300, scan: 5000 };
const HOUR = 3_600_000;
const noon = Date.UTC(2026, 10, 22, 12, 34, 56);

test('what was counted is the same after it was written and read, and what is no such text is nothing', () => {
  const spent = createTally();
  count(spent, { get: 3, increment: 1, scan: 2 }, prices);
  assert.deepEqual(decodeSpent(encodeSpent(spent)), spent);
  for (const text of [null, undefined, '', 'x', '{}', '1 2 3', '1 0 0 0 0 800 0 0 0 x', '1.5 0 0 0 0 1 0 0 0 0']) {
    assert.deepEqual(decodeSpent(text), createTally(), String(text));
  }
});

test('a history ends with the current hour or day of UTC, and has no gaps', () => {
  const hours = historySlots('p', 'hour', noon);
  assert.deepEqual([hours.length, hours[0]?.key, hours[23]?.key], [24, 'hour:p:2026-11-21T13', 'hour:p:2026-11-22T12']);
  const days = historySlots('p', 'day', noon);
  assert.deepEqual([days.length, days[0]?.key, days[30]?.key], [31, 'day:p:2026-10-23', 'day:p:2026-11-22']);
  for (const [slots, step] of [[hours, HOUR] as const, [days, 24 * HOUR] as const]) {
    for (const [index, { start }] of slots.entries()) assert.equal(start, (slots[0]?.start ?? 0) + index * step);
  }
});

test('what is booked is found by every history until it is too old for one, and is kept for as long', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 0, max: 40 * 24 * HOUR }), (time, later) => {
      const [hour, day] = bookedSlots('p', periodAt(time), time);
      for (const [slot, resolution, reach] of [
        [hour, 'hour', 23 * HOUR],
        [day, 'day', 30 * 24 * HOUR],
      ] as const) {
        const isFound = historySlots('p', resolution, time + later).some(({ key }) => key === slot?.key);
        if (later <= reach) assert.ok(isFound);
        if (isFound) assert.ok((slot?.seconds ?? 0) * 1000 > later, `${resolution} expired ${later} ms after it`);
      }
    }),
  );
});

test('what belongs to another month than the clock shows is booked at the near end of its own', () => {
  const december = periodAt(Date.UTC(2026, 11, 1));
  const keys = (period: number, time: number) => bookedSlots('p', period, time).map(({ key }) => key);
  const first = periodStart(december) + 700;
  assert.deepEqual(keys(december, first), ['hour:p:2026-12-01T00', 'day:p:2026-12-01']);
  assert.deepEqual(keys(december - 1, first), ['hour:p:2026-11-30T23', 'day:p:2026-11-30']);
  assert.deepEqual(keys(december, periodStart(december) - 700), ['hour:p:2026-12-01T00', 'day:p:2026-12-01']);
});

test('a point has its counts by operation and what they were charged', () => {
  const spent = createTally();
  count(spent, { get: 2, set: 1 }, prices);
  assert.deepEqual(presentPoint(7, spent), {
    start: 7,
    charged: 6900,
    counts: { get: 2, set: 1, delete: 0, increment: 0, scan: 0 },
  });
});
