import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatBytes, parseQuantity } from '../../../contract/quantity.ts';

test('quantities have the values that Kubernetes gives them', () => {
  const cases: [string | number, number][] = [
    ['256Mi', 268435456],
    ['1Gi', 2 ** 30],
    ['1G', 1e9],
    ['100m', 0.1],
    ['0.5', 0.5],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['1e3', 1000],
    [1024, 1024],
    ['64k', 64000],
    ['+256Mi', 268435456],
    ['500000u', 0.5],
    ['250000000n', 0.25],
    ['1Ei', 2 ** 60],
    ['1E', 1e18],
    ['1E3', 1000],
  ];
  for (const [text, value] of cases) assert.equal(parseQuantity(text), value, String(text));
});

test('what is no quantity is refused with an example', () => {
  for (const text of ['', 'Mi', '256mb', '-1', '1 Gi', '0x10', '1ki', 'NaN']) {
    assert.throws(() => parseQuantity(text), /256Mi/, text);
  }
});

test('a formatted number of bytes parses to itself', () => {
  fc.assert(fc.property(fc.nat({ max: 2 ** 40 }), (bytes) => parseQuantity(formatBytes(bytes)) === bytes));
  assert.equal(formatBytes(268435456), '256Mi');
});
