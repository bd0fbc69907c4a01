import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { dataPaths } from '../../../backup/manifest.ts';
import { sumParts } from '../../../backup/parts.ts';

const part = (keys: number, redisVersion: string, rdbVersion: number) => ({
  size: 10 * keys,
  storedSize: 11 * keys,
  sha256: String(keys).repeat(64),
  keys,
  expiringKeys: keys - 1,
  redisVersion,
  rdbVersion,
});

test('what is known of a backup is the sum of its parts, and the newest version that any of them has', () => {
  const sha256 = createHash('sha256')
    .update(`${'5'.repeat(64)}${'2'.repeat(64)}${'3'.repeat(64)}`)
    .digest('hex');
  assert.deepEqual(sumParts([part(5, '7.0.15', 10), part(2, '8.10.1', 12), part(3, '8.9.9', 12)]), {
    size: 100,
    storedSize: 110,
    sha256,
    keys: 10,
    expiringKeys: 7,
    redisVersion: '8.10.1',
    rdbVersion: 12,
    parts: 3,
  });
});

test('a backup without parts is one object, and each part is one of its own', () => {
  const place = { target: {}, object: 'shop/main/monday-12345678', encrypted: false };
  assert.deepEqual(dataPaths(place, false), ['shop/main/monday-12345678.rdb']);
  assert.deepEqual(dataPaths(place, true, 2), [
    'shop/main/monday-12345678.0.rdb.age',
    'shop/main/monday-12345678.1.rdb.age',
  ]);
});
