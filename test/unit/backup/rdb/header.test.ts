import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHeader } from '../../../../backup/rdb/header.ts';
import { database, HEAD, string } from './rdb.ts';

const FUNCTION = Buffer.concat([Buffer.from([245]), string('#!lua name=mine')]);
// The data of a module: its id, then numbers, a float, a double and a string, each after what it is, and an end.
const MODULE = Buffer.from([
  247, 0x81, 1, 2, 3, 4, 5, 6, 7, 8, 2, 1, 1, 9, 3, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, 65, 0,
]);

test('the header tells versions and counts, past functions and the data of modules', () => {
  const expected = { rdbVersion: 12, redisVersion: '8.0.2', keys: 1000, expiringKeys: 300 };
  assert.deepEqual(parseHeader(Buffer.concat([HEAD, MODULE, FUNCTION, database(1000, 300)])), expected);
});

test('an RDB without a database has no keys', () => {
  const expected = { rdbVersion: 12, redisVersion: '8.0.2', keys: 0, expiringKeys: 0 };
  assert.deepEqual(parseHeader(Buffer.concat([HEAD, Buffer.from([255])])), expected);
});

test('a header that has not come whole is not guessed at', () => {
  const whole = Buffer.concat([HEAD, MODULE, FUNCTION, database(1000, 300)]);
  for (let length = 0; length < whole.length; length++) assert.equal(parseHeader(whole.subarray(0, length)), undefined);
});

test('a count of 32 bits is read', () => {
  const counts = Buffer.from([254, 0, 251, 0x80, 0, 0x98, 0x96, 0x80, 5]);
  assert.equal(parseHeader(Buffer.concat([HEAD, counts]))?.keys, 10_000_000);
});

test('what is no RDB is refused at its first bytes', () => {
  for (const text of ['X', 'RESIDENT.', 'REDISabcd', '<html></html>']) {
    assert.throws(() => parseHeader(Buffer.from(text)), { message: 'no RDB begins so' });
  }
});
