import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataPaths } from '../../../backup/manifest.ts';

test('a backup without parts is one object, and each part is one of its own', () => {
  const place = { target: {}, object: 'shop/main/monday-12345678', encrypted: false };
  assert.deepEqual(dataPaths(place, false), ['shop/main/monday-12345678.rdb']);
  assert.deepEqual(dataPaths(place, true, 2), [
    'shop/main/monday-12345678.0.rdb.age',
    'shop/main/monday-12345678.1.rdb.age',
  ]);
});
