import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Room } from '../../../../dataplane/cache/room.ts';
import { Shelf } from '../../../../dataplane/cache/shelf.ts';

const put = (shelf: Shelf, key: string, bytes: number) => {
  const slot = shelf.reserve(key);
  if (slot) shelf.fill(slot, { value: Buffer.alloc(bytes), expiresAt: null }, Number.POSITIVE_INFINITY);
};

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ act: fc.constant('put' as const), by: fc.nat(3), key: fc.nat(30), bytes: fc.nat(3000) }),
    },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('use' as const), by: fc.nat(3), key: fc.nat(30) }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('remove' as const), by: fc.nat(3), key: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('clear' as const), by: fc.nat(3) }) },
  ),
  { minLength: 20, maxLength: 200, size: 'max' },
);

test('never more is held than there is room for, and what is held is counted to the byte', () => {
  let full = 0;
  const property = fc.property(steps, (all) => {
    const room = new Room(30_000);
    const shelves = Array.from({ length: 4 }, () => new Shelf(room));
    for (const step of all) {
      const shelf = shelves[step.by] as Shelf;
      if (step.act === 'clear') shelf.clear();
      else if (step.act === 'remove') shelf.remove(`${step.key}`);
      else if (step.act === 'put') put(shelf, `${step.key}`, step.bytes);
      else {
        const slot = shelf.get(`${step.key}`);
        if (slot) slot.used = true;
      }
      assert.ok(room.held <= room.limit);
      if (room.held > room.limit * 0.9) full++;
      assert.equal(
        shelves.reduce((sum, { bytes }) => sum + bytes, 0),
        room.held,
      );
      for (const each of shelves) assert.equal(bytesFound(each), each.bytes);
    }
  });
  fc.assert(property, { numRuns: 300 });
  assert.ok(full > 1000, `room was short only ${full} times`);
});

/** The bytes of all entries that can be found. */
function bytesFound(shelf: Shelf): number {
  return Array.from({ length: 31 }, (_, key) => shelf.get(`${key}`)?.bytes ?? 0).reduce((sum, bytes) => sum + bytes, 0);
}

test('a project that reads more than there is room for pushes out nothing of one that holds less than an equal part', () => {
  const room = new Room(100_000);
  const [greedy, modest] = [new Shelf(room), new Shelf(room)];
  for (let key = 0; key < 20; key++) put(modest, `${key}`, 1000);
  const before = modest.bytes;
  for (let key = 0; key < 1000; key++) put(greedy, `${key}`, 1000);
  assert.equal(modest.bytes, before);
  assert.ok(greedy.bytes > room.limit * 0.6, 'what the other leaves unused it may have');
});

test('one that held all gives room to those that come later, down to an equal part', () => {
  const room = new Room(1_000_000);
  const shelves = Array.from({ length: 4 }, () => new Shelf(room));
  for (const shelf of shelves) for (let key = 0; key < 1000; key++) put(shelf, `${key}`, 1000);
  for (const { bytes } of shelves) assert.ok(Math.abs(bytes - 250_000) < 10_000, `${bytes}`);
});

test('where room is short, what is used stays', () => {
  const shelf = new Shelf(new Room(100_000));
  put(shelf, 'hot', 1000);
  for (let key = 0; key < 1000; key++) {
    put(shelf, `${key}`, 1000);
    const hot = shelf.get('hot');
    assert.ok(hot, `gone after ${key} others`);
    hot.used = true;
  }
  assert.equal(shelf.get('0'), undefined);
});

test('a value that would push out much is not kept, and no value keeps the slab in memory that it came in', () => {
  const shelf = new Shelf(new Room(100_000));
  put(shelf, 'large', 20_000);
  assert.equal(shelf.get('large'), undefined);
  const slot = shelf.reserve('small') ?? assert.fail();
  shelf.fill(slot, { value: Buffer.from('of a slab'), expiresAt: null }, 1);
  assert.equal(slot.entry?.value.buffer.byteLength, 9);
  assert.equal(String(slot.entry?.value), 'of a slab');
});
