import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { sumParts } from '../../../contract/backup-parts.ts';

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
