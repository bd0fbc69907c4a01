import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBlocks } from '../../../../backup/blocks.ts';
import { MAX_PARTS, partBytes } from '../../../../backup/target/parts.ts';

const GiB = 2 ** 30;
const MiB = 2 ** 20;
const [part = 0] = [partBytes(1)];

test('as many parts as an upload may have hold far more than any Redis, and each is one that is allowed', () => {
  let bytes = 0;
  for (let number = 1; number <= MAX_PARTS; number++) {
    const length = partBytes(number);
    assert.ok(length >= 5 * MiB && length <= 64 * MiB, `${length}`);
    assert.ok(length >= partBytes(Math.max(1, number - 1)), 'parts never get smaller');
    bytes += length;
  }
  assert.ok(bytes > 350 * GiB, `${bytes / GiB}`);
});

test('data of usual length is in parts of one size', () => {
  const parts = Math.ceil((39 * GiB) / part);
  assert.equal(partBytes(parts), part);
});

/** Parts of what is `bytes` long in pieces of `piece`, by length, and whether each said that it is the last. */
async function split(bytes: number, piece: number): Promise<[number, boolean][]> {
  const source = async function* () {
    for (let at = 0; at < bytes; at += piece)
      yield Buffer.alloc(Math.min(piece, bytes - at)).map((_, index) => (at + index) % 251);
  };
  const parts: [number, boolean][] = [];
  let at = 0;
  for await (const { number, block: part, isLast } of inBlocks(source(), (at) => Buffer.alloc(partBytes(at)))) {
    assert.equal(number, parts.push([part.length, isLast]));
    for (const index of [0, part.length >> 1, part.length - 1]) {
      if (part.length > 0) assert.equal(part[index], (at + index) % 251);
    }
    at += part.length;
  }
  assert.equal(at, bytes);
  return parts;
}

test('all of it is in the parts, of which one is the last, and none but that of nothing is empty', async () => {
  for (const piece of [65_521, 3 * MiB, 20 * MiB]) {
    assert.deepEqual(await split(0, piece), [[0, true]]);
    assert.deepEqual(await split(100, piece), [[100, true]]);
    assert.deepEqual(await split(part, piece), [[part, true]]);
    assert.deepEqual(await split(part + 1, piece), [
      [part, false],
      [1, true],
    ]);
    assert.deepEqual(await split(2 * part, piece), [
      [part, false],
      [part, true],
    ]);
  }
});
