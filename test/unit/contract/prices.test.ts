import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatTokens, parseTokens } from '../../../contract/prices.ts';

test('amounts read as decimal numbers of tokens, without trailing zeros', () => {
  for (const [nano, text] of [
    [0, '0'],
    [800, '0.0000008'],
    [1, '0.000000001'],
    [500_000_000, '0.5'],
    [1_000_000_000, '1'],
    [12_345_678_900, '12.3456789'],
    [-800, '-0.0000008'],
  ] as const) {
    assert.equal(formatTokens(nano), text);
    assert.equal(formatTokens(BigInt(nano)), text);
  }
});

test('every amount is the same after it was written and read', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 26n }), (nano) => parseTokens(formatTokens(nano)) === nano));
  fc.assert(
    fc.property(fc.maxSafeNat(), (nano) => {
      assert.equal(formatTokens(nano), formatTokens(BigInt(nano)));
    }),
  );
});

test('what is not a decimal number of tokens is none', () => {
  for (const text of ['', '-1', '1e9', '.5', '1.', '1,5', '0.0000000001', ' 1', '0x1', 'Infinity', '1'.repeat(19)])
    assert.equal(parseTokens(text), undefined, text);
});
