import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asJson } from '../../../dataplane/json/any-text.ts';

test('JSON text stays the bytes that it is', () => {
  const texts = fc
    .tuple(fc.json(), fc.stringMatching(/^[ \t\r\n]*$/))
    .map(([json, space]) => `${space}${json}${space}`);
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = Buffer.from(text);
      assert.equal(asJson(bytes), bytes);
    }),
  );
});

test('all else becomes a JSON string of the same text', () => {
  for (const text of [
    '',
    'hello',
    'true story',
    '01',
    '{"a":1',
    '"a" "b"',
    'say "hi"\n\\',
    '\u0000',
    'é\u2028😀',
    'NaN',
  ]) {
    assert.equal(JSON.parse(asJson(Buffer.from(text)).toString()), text);
  }
});

test('whatever the bytes are, JSON comes of them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, quoted) => {
      const given = Buffer.from(quoted ? [0x22, ...bytes, 0x22] : bytes);
      const text = new TextDecoder('utf-8', { fatal: true }).decode(asJson(given));
      JSON.parse(text);
    }),
    { numRuns: 2000 },
  );
});

test('JSON that nests too deep to be a value is a text', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  assert.equal(JSON.parse(asJson(Buffer.from(deep)).toString()), deep);
});
