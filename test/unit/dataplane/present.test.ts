import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { presentEntry } from '../../../dataplane/routes/present.ts';

const present = (key: string, value: string, expiresAt: number | null) =>
  presentEntry(key, Buffer.from(value), expiresAt).toString();

test('the answer is JSON with the key and the value that were stored, whatever they are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.json(), (key, value) => {
      const text = present(key, value, null);
      assert.ok(text.includes(value));
      assert.deepEqual(JSON.parse(text), { key, value: JSON.parse(value), expires_at: null });
    }),
  );
});

test('an expiry is ISO 8601 in UTC to the millisecond', () => {
  assert.ok(present('k', '1', 1).endsWith('"expires_at":"1970-01-01T00:00:00.001Z"}'));
});

test('an expiry beyond the year 9999 is told as its last moment', () => {
  for (const expiresAt of [253_402_300_800_000, 8.64e15, 9e18, Number.POSITIVE_INFINITY]) {
    assert.ok(present('k', '1', expiresAt).endsWith('"9999-12-31T23:59:59.999Z"}'));
  }
});
