import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPeriod, LedgerClock, periodAt, periodStart } from '../../../../dataplane/metering/period.ts';

test('a period is a calendar month in UTC, from its first millisecond to its last', () => {
  const december = periodAt(Date.UTC(2026, 11, 31, 23, 59, 59, 999));
  assert.equal(formatPeriod(december), '2026-12');
  assert.equal(periodStart(december), Date.UTC(2026, 11, 1));
  assert.equal(periodAt(periodStart(december + 1)), december + 1);
  assert.equal(periodAt(periodStart(december + 1) - 1), december);
  assert.equal(formatPeriod(december + 1), '2027-01');
});

test('between answers of the ledger its time goes on by our own clock, and an answer corrects it', () => {
  const clock = new LedgerClock();
  assert.equal(clock.period(5000), undefined);
  clock.set(Date.UTC(2026, 10, 30, 23, 59, 58), 5000);
  assert.equal(formatPeriod(clock.period(6999) ?? 0), '2026-11');
  assert.equal(formatPeriod(clock.period(7000) ?? 0), '2026-12');
  clock.set(Date.UTC(2026, 10, 1), 8000);
  assert.equal(formatPeriod(clock.period(8000) ?? 0), '2026-11');
});
