import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Arg, bulk, type Encoded, encode, join } from '../../../../dataplane/store/resp/encode.ts';

const wire = (encoded: Encoded) =>
  Buffer.concat([encoded].flat().map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)));

/** The same by the book. */
function expected(args: readonly Arg[]): Buffer {
  const words = args.map((arg) => (Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg))));
  return Buffer.concat([
    Buffer.from(`*${args.length}\r\n`),
    ...words.flatMap((word) => [Buffer.from(`$${word.length}\r\n`), word, Buffer.from('\r\n')]),
  ]);
}

const word = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('ключ', '\u{1f511}', '\ud800', ''),
  fc.maxSafeInteger(),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(20_000).map((length) => Buffer.alloc(length, 0xe9)),
);
const command = fc.array(word, { minLength: 1, maxLength: 6 });

test('a command is an array of its words, byte for byte', () => {
  fc.assert(
    fc.property(command, (args) => assert.deepEqual(wire(encode(args)), expected(args))),
    { numRuns: 500 },
  );
});

test('commands that are joined are all there in order', () => {
  const commands = fc.array(command, { maxLength: 6 });
  fc.assert(
    fc.property(commands, (all) => assert.deepEqual(wire(join(all.map(encode))), Buffer.concat(all.map(expected)))),
  );
});

test('a word by itself is as in a command', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(`*1\r\n${bulk(text)}`, encode([text]))));
});

test('a long value is not copied', () => {
  const value = Buffer.alloc(100_000);
  const encoded = encode(['SET', 'k', value]);
  assert.ok(Array.isArray(encoded) && encoded.includes(value));
});
