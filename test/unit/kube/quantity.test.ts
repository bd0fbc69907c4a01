import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseQuantity } from '../../../kube/quantity.ts';

test('quantities that mean the same are equal, however they are written', () => {
  const same = [
    ['0.5', '500m'],
    ['1Gi', '1024Mi'],
    ['1.5Gi', '1536Mi'],
    ['1', 1],
    ['1e3', '1k'],
    ['1E3', '1000'],
    ['1E', '1000P'],
    ['.5', '0.50'],
    ['5.', '5'],
    ['100n', '0.1u'],
    ['-1', '-1000m'],
    ['0', '0Gi'],
  ] as const;
  for (const [a, b] of same) {
    assert.notEqual(parseQuantity(a), undefined, String(a));
    assert.equal(parseQuantity(a), parseQuantity(b), `${a} = ${b}`);
  }
});

test('quantities that differ are not equal', () => {
  assert.notEqual(parseQuantity('1G'), parseQuantity('1Gi'));
  assert.notEqual(parseQuantity('1m'), parseQuantity('1M'));
});

test('what is no quantity is none', () => {
  for (const value of ['', '.', 'Gi', '1KiB', '1 Gi', 'one', '1e', '--1', '1ki', true, null, {}, NaN]) {
    assert.equal(parseQuantity(value), undefined, String(value));
  }
});

test('a whole number of Mi is the same number of 1024 Ki', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1e9 }), (n) => assert.equal(parseQuantity(`${n}Mi`), parseQuantity(`${n * 1024}Ki`))),
  );
});
