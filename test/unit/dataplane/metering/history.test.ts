import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  decodeSpent,
  encodeSpent,
  historySlots,
  monthsOf,
  pointOf,
  slotsOf,
} from '../../../../dataplane/metering/history.ts';
import { formatPeriod, hourOfBooking, periodAt, periodStart } from '../../../../dataplane/metering/period.ts';
import { count, createTally, type Tally } from '../../../../dataplane/metering/tally.ts';

const prices = { get: 800, set: 5300, delete: 5300, increment: 5300, scan: 5000 };
const HOUR = 3_600_000;
const noon = Date.UTC(2026, 10, 22, 12, 34, 56);

function tally(ran: Parameters<typeof count>[1]): Tally {
  const spent = createTally();
  count(spent, ran, prices);
  return spent;
}

test('what was counted is the same after it was written and read, and what is no such text is nothing', () => {
  const spent = tally({ get: 3, increment: 1, scan: 2 });
  assert.deepEqual(decodeSpent(encodeSpent(spent)), spent);
  for (const text of [null, '', 'x', '{}', '1 2 3', '1 0 0 0 0 800 0 0 0 x', '1.5 0 0 0 0 1 0 0 0 0']) {
    assert.deepEqual(decodeSpent(text), createTally(), String(text));
  }
});

test('a history ends with the current hour or day of UTC, and has no gaps', () => {
  const hours = historySlots('p', 'hour', noon);
  assert.deepEqual([hours.length, hours[0]?.key, hours[23]?.key], [24, 'hour:p:2026-11-21T13', 'hour:p:2026-11-22T12']);
  const days = historySlots('p', 'day', noon);
  assert.deepEqual([days.length, days[0]?.key, days[30]?.key], [31, 'day:p:2026-10-23', 'day:p:2026-11-22']);
  for (const slots of [hours, days]) {
    for (const [index, { end }] of slots.entries()) assert.equal(end, slots[index + 1]?.start ?? end);
  }
});

test('what is moved is found by every history until it is too old for one, and is kept for as long', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 0, max: 40 * 24 * HOUR }), (time, later) => {
      const [hour, day] = slotsOf('p', { hour: time - (time % HOUR), spent: createTally() });
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

test('what belongs to another month than the clock shows is counted at the near end of its own', () => {
  const december = periodAt(Date.UTC(2026, 11, 1));
  const start = periodStart(december);
  assert.equal(hourOfBooking(december, start + 700), start);
  assert.equal(hourOfBooking(december - 1, start + 700), start - HOUR);
  assert.equal(hourOfBooking(december, start - 700), start);
  assert.equal(hourOfBooking(december, start + 1.5 * HOUR), start + HOUR);
});

test('a history of 31 days may reach into three months, all of which are asked', () => {
  const slots = historySlots('p', 'day', Date.UTC(2027, 2, 1, 9));
  assert.deepEqual(monthsOf(slots).map(formatPeriod), ['2027-01', '2027-02', '2027-03']);
});

test('a point has what was moved there and what is still in an account, and nothing of another hour or day', () => {
  const [slot] = historySlots('p', 'hour', noon).slice(-1);
  assert.ok(slot);
  const recents = [
    { hour: slot.start, spent: tally({ set: 1 }) },
    { hour: slot.start - HOUR, spent: tally({ scan: 1 }) },
  ];
  assert.deepEqual(pointOf(slot, tally({ get: 2 }), recents), {
    start: slot.start,
    charged: 6900,
    counts: { get: 2, set: 1, delete: 0, increment: 0, scan: 0 },
  });
});
