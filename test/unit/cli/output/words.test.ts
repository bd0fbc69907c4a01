import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ageOf, bar, formatAge, formatBytes, formatShare, parseSeconds } from '../../../../cli/output/words.ts';

test('an age has two units while the larger is below ten, else one', () => {
  const ages = [0, 999, 45_000, 90_000, 600_000, 3_600_000, 5_400_000, 36_000_000, 86_400_000, 90_000_000, 1e9];
  assert.deepEqual(ages.map(formatAge), ['0s', '0s', '45s', '1m30s', '10m', '1h', '1h30m', '10h', '1d', '1d1h', '11d']);
});

test('a time in the future is no negative age, and no time is a dash', () => {
  assert.equal(ageOf('2026-01-01T00:00:00Z', 0), '0s');
  assert.equal(ageOf(undefined, 0), '–');
});

test('bytes are shown in the largest unit that leaves one digit before the point', () => {
  assert.deepEqual([0, 999, 1024, 739_528, 67_108_864, 2 ** 40].map(formatBytes), [
    '0 B',
    '999 B',
    '1.00 KiB',
    '722 KiB',
    '64.0 MiB',
    '1.00 TiB',
  ]);
});

test('a share tells a little from nothing, and a bar is always as wide as asked', () => {
  assert.deepEqual(
    [formatShare(0, 10), formatShare(0.01, 10), formatShare(5, 10), formatShare(1, 0)],
    ['0%', '<1%', '50%', '–'],
  );
  assert.equal(bar(1, 1000, 10), '█░░░░░░░░░');
  fc.assert(
    fc.property(fc.double(), fc.double(), fc.integer({ min: 1, max: 50 }), (part, whole, width) => {
      assert.equal([...bar(part, whole, width)].length, width);
    }),
  );
});

test('a span of time is read as it is written, and anything else refused', () => {
  assert.deepEqual(['90', '90s', '1h30m', '7d', '1d1h1m1s'].map(parseSeconds), [90, 90, 5400, 604_800, 90_061]);
  for (const text of ['', '0', '0s', '-1', '1.5h', 'h', '1w', '1h ', '99999999999999999999d']) {
    assert.equal(parseSeconds(text), undefined, text);
  }
});
