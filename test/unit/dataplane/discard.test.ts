import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discard } from '../../../dataplane/pipeline/discard.ts';

test('a large buffer with memory of its own is empty afterwards', () => {
  const exact = Buffer.alloc(262_144, 'x');
  const reply = Buffer.alloc(262_146, 'x').subarray(0, 262_144);
  for (const bytes of [exact, reply]) {
    discard(bytes);
    assert.equal(bytes.length, 0);
  }
});

test('what shares its memory with others is left alone, and so is what is small', () => {
  const chunk = Buffer.alloc(65_536, 'x');
  const shared = new SharedArrayBuffer(65_536);
  for (const bytes of [
    chunk.subarray(1),
    chunk.subarray(0, 65_533),
    chunk.subarray(10_000, 60_000),
    Buffer.from(shared),
    Buffer.from('small'),
    Buffer.alloc(32_767),
  ]) {
    const { length } = bytes;
    discard(bytes);
    assert.equal(bytes.length, length);
  }
  assert.equal(chunk.toString(), 'x'.repeat(65_536));
});
