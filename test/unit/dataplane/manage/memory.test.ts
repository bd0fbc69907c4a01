import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseQuantity } from '../../../../contract/quantity.ts';
import { quantityOf, redisMemoryOf } from '../../../../dataplane/manage/memory.ts';

test('amounts are read as redis.conf reads them', () => {
  const cases: Record<string, string> = {
    '256mb': '256Mi',
    '256MB': '256Mi',
    '1gb': '1Gi',
    '512kb': '512Ki',
    '100m': '100000000',
    '1g': '1000000000',
    '268435456': '256Mi',
    '100b': '100',
  };
  for (const [redis, quantity] of Object.entries(cases)) assert.equal(quantityOf(redis), quantity, redis);
});

test('what Redis would not take is none', () => {
  for (const text of ['', 'mb', '256Mi', '1.5gb', '-1', '1tb', '256 mb', ' 256mb', '9'.repeat(16), '999999999999999gb'])
    assert.equal(quantityOf(text), undefined, text);
});

test('a quantity is written in the largest of Redis’ units that keeps it exact', () => {
  const cases: [string | number, string][] = [
    ['256Mi', '256mb'],
    ['1.5Gi', '1536mb'],
    ['2Gi', '2gb'],
    ['100M', '100000000'],
    [268_435_456, '256mb'],
    ['16777217', '16777217'],
  ];
  for (const [quantity, redis] of cases) assert.equal(redisMemoryOf(quantity), redis, String(quantity));
});

test('what is written in Redis’ units is read as the same number of bytes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 44 }), (bytes) => {
      assert.equal(parseQuantity(quantityOf(redisMemoryOf(bytes)) ?? ''), bytes);
    }),
  );
});
