import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { slotOf } from '../../../../dataplane/store/cluster/slot.ts';

test('slots are those of Redis', () => {
  // From CLUSTER KEYSLOT of Redis 8.0.
  const slots = { foo: 12182, bar: 5061, hello: 866, '123456789': 12739, '': 0, ключ: 10303, 'a/b': 13927 };
  for (const [key, slot] of Object.entries(slots)) assert.equal(slotOf(key), slot, key);
});

test('what is in the first braces decides, unless they are empty or not closed', () => {
  assert.equal(slotOf('{user}:a'), slotOf('user'));
  assert.equal(slotOf('x{user}y{other}'), slotOf('user'));
  assert.equal(slotOf('{{user}}'), slotOf('{user'));
  assert.notEqual(slotOf('{}user'), slotOf('user'));
  assert.notEqual(slotOf('{user'), slotOf('user'));
});

test('every key has a slot, and characters beyond ASCII count as their bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (key) => {
      const slot = slotOf(key);
      assert.ok(slot >= 0 && slot < 16_384);
      if (!key.includes('{')) assert.equal(slot, bitwise(Buffer.from(key)));
    }),
  );
});

/** CRC16 bit by bit, with no table. */
function bitwise(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc % 16_384;
}
