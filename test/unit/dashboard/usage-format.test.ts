import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatBytes,
  formatEnd,
  formatShort,
  formatStart,
  formatTokens,
  formatTokensShort,
  parseMemory,
} from '../../../dashboard/src/pages/usage/format.ts';

test("amounts of memory are read in Redis' units, and what is none is not", () => {
  assert.deepEqual(['256mb', '1gb', '64MB', '1000k', '2m', '1g', '10', '5b'].map(parseMemory), [
    2 ** 28,
    2 ** 30,
    2 ** 26,
    1e6,
    2e6,
    1e9,
    10,
    5,
  ]);
  for (const text of ['', 'mb', '1.5gb', '-1mb', '1 mb', '1tb']) assert.equal(parseMemory(text), undefined, text);
});

test('bytes are shown in the largest unit that fits, with three digits', () => {
  assert.deepEqual([0, 999, 1024, 1536, 2 ** 20 * 12.5, 2 ** 28, 2 ** 30].map(formatBytes), [
    '0 B',
    '999 B',
    '1 KiB',
    '1.5 KiB',
    '12.5 MiB',
    '256 MiB',
    '1 GiB',
  ]);
});

test('tokens keep the digits that matter, however small', () => {
  assert.deepEqual([0.0000061, 0, 12.5, 4_999.5].map(formatTokens), ['0.0000061', '0', '12.5', '4,999.5']);
  assert.deepEqual([0, 0.0000061, 0.25, 12_000].map(formatTokensShort), ['0', '6e-6', '0.25', '12K']);
  assert.equal(formatShort(123_456), '123K');
});

test('days are those of UTC, in which they are counted', () => {
  assert.equal(formatStart(Date.UTC(2026, 10, 22), 'day', false), '22 Nov');
  assert.equal(formatStart(Date.UTC(2026, 10, 22), 'day', true), 'Sun, 22 Nov 2026');
});

test('the end of a month is a date and how far that is', () => {
  const end = Date.UTC(2026, 11, 1);
  assert.equal(formatEnd(end, Date.UTC(2026, 10, 22, 12)), '1 Dec (in 9 days)');
  assert.equal(formatEnd(end, end - 3_600_000), '1 Dec (within a day)');
});
