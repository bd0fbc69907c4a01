import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  OPERATIONS,
  shareOf,
  spentInMonth,
  stackOperations,
  sumOperations,
} from '../../../dashboard/src/pages/usage/series.ts';
import type { Usage, UsageHistory } from '../../../sdk/src/index.ts';

const NONE = { get: 0, set: 0, delete: 0, increment: 0, scan: 0 };
const at = (text: string) => Date.parse(text) / 1000;

const hours: UsageHistory = {
  project_id: 'p',
  period: 'day',
  resolution: 'hour',
  points: [
    { start: '2026-11-22T11:00:00.000Z', tokens: '0.1', operations: { ...NONE, get: 3, scan: 1 } },
    { start: '2026-11-22T12:00:00.000Z', tokens: '0', operations: NONE },
    {
      start: '2026-11-22T13:00:00.000Z',
      tokens: '0.2',
      operations: { get: 1, set: 2, delete: 3, increment: 4, scan: 5 },
    },
  ],
};

const days: UsageHistory = {
  project_id: 'p',
  period: 'month',
  resolution: 'day',
  points: [
    { start: '2026-10-31T00:00:00.000Z', tokens: '7', operations: NONE },
    { start: '2026-11-01T00:00:00.000Z', tokens: '0.5', operations: NONE },
    { start: '2026-11-02T00:00:00.000Z', tokens: '1.5', operations: NONE },
  ],
};

const usage: Usage = {
  project_id: 'p',
  period: { start: '2026-11-01T00:00:00.000Z', end: '2026-12-01T00:00:00.000Z' },
  budget: null,
  used: '2',
  remaining: null,
  operations: {
    get: { count: 0, tokens: '0' },
    set: { count: 0, tokens: '0' },
    delete: { count: 0, tokens: '0' },
    increment: { count: 0, tokens: '0' },
    scan: { count: 0, tokens: '0' },
  },
};

test('bars stand in the middle of their hour, and the last of them is as high as all operations together', () => {
  const [xs, ...stacked] = stackOperations(hours);
  assert.deepEqual(xs, [at('2026-11-22T11:30:00Z'), at('2026-11-22T12:30:00Z'), at('2026-11-22T13:30:00Z')]);
  assert.deepEqual(stacked, [
    [3, 0, 1],
    [3, 0, 3],
    [3, 0, 6],
    [3, 0, 10],
    [4, 0, 15],
  ]);
  const sums = sumOperations(hours);
  assert.equal(
    OPERATIONS.reduce((sum, operation) => sum + sums[operation], 0),
    (stacked[4] ?? []).reduce((sum, height) => sum + height, 0),
  );
});

test('what was spent rises day by day from the first of the month to what the account says, and leaves out other months', () => {
  const now = Date.parse('2026-11-02T18:00:00Z');
  assert.deepEqual(spentInMonth(usage, days, now), [
    [at('2026-11-01T00:00:00Z'), at('2026-11-02T00:00:00Z'), now / 1000],
    [0, 0.5, 2],
  ]);
});

test('what the history does not know of stands at the start of the month', () => {
  const [, spent] = spentInMonth({ ...usage, used: '3.25' }, days, Date.parse('2026-11-02T18:00:00Z'));
  assert.deepEqual(spent, [1.25, 1.75, 3.25]);
});

test('a budget is a line to the end of the month, where nothing is spent yet', () => {
  const [xs, spent, budget] = spentInMonth({ ...usage, budget: '4' }, days, Date.parse('2026-11-02T18:00:00Z'));
  assert.deepEqual([xs.at(-1), spent?.at(-1)], [at('2026-12-01T00:00:00Z'), null]);
  assert.deepEqual(budget, [4, 4, 4, 4]);
});

test('a share is never past the whole, and none where there is no whole', () => {
  assert.deepEqual([shareOf(1, 4), shareOf(9, 4), shareOf(-1, 4), shareOf(1, 0)], [0.25, 1, 0, 0]);
});
