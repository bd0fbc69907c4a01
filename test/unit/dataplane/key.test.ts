import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodePath, keyProblem } from '../../../dataplane/pipeline/key.ts';

test('a key survives percent-encoding of any of its characters', () => {
  const wellFormed = fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(wellFormed, (key) => {
      assert.equal(decodePath(encodeURIComponent(key)), key);
      const everyByte = [...Buffer.from(key)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
      assert.equal(decodePath(everyByte), key);
    }),
  );
});

test('slashes and their encoded forms are the same key', () => {
  assert.equal(decodePath('a/b'), decodePath('a%2Fb'));
  assert.equal(decodePath('a%2fb'), 'a/b');
});

test('broken percent-encoding and bytes that are not UTF-8 are no key', () => {
  for (const path of ['%', '%4', 'a%zz', '%u0041', '%ff', '%c0%80', '%ed%a0%80', '%e2%82', 'x%2']) {
    assert.equal(decodePath(path), undefined, path);
  }
});

test('a plus is a plus', () => {
  assert.equal(decodePath('a+b'), 'a+b');
});

test('keys of 1 to 512 code points are good, whatever their length in bytes', () => {
  for (const unit of ['k', 'é', '\u{1f511}']) {
    assert.equal(keyProblem(unit), undefined);
    assert.equal(keyProblem(unit.repeat(512)), undefined);
    assert.match(keyProblem(unit.repeat(513)) ?? '', /longer than 512/);
  }
  assert.match(keyProblem('') ?? '', /empty/);
});

test('control characters, two dots in a row and half surrogates are refused wherever they stand', () => {
  for (const bad of ['\0', '\t', '\n', '\r', '\x1f', '\x7f', '..', '...']) {
    for (const key of [bad, `a${bad}`, `${bad}a`, `a${bad}b`, `\u2028${bad}`, `é\n${bad}`]) {
      assert.ok(keyProblem(key), JSON.stringify(key));
    }
  }
  assert.ok(keyProblem('\ud800'));
  assert.ok(keyProblem('a\udc00b'));
});

test('what only looks like them is fine', () => {
  for (const key of ['.', '. .', 'a.b.c', '\u2025', '\u0080', '\u2028', '/', '//', ' ', 'x/increment', '%', '?', '#']) {
    assert.equal(keyProblem(key), undefined, JSON.stringify(key));
  }
});

test('the rule is the published pattern', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as it is published
  const published = /^(?!.*\.\.)[^\x00-\x1f\x7f]+$/;
  const unit = fc.constantFrom('a', '.', '/', '\0', '\n', '\x7f', 'é', '\u{1f511}', ' ');
  fc.assert(
    fc.property(fc.array(unit, { minLength: 1, maxLength: 20 }), (units) => {
      const key = units.join('');
      assert.equal(keyProblem(key) === undefined, published.test(key), JSON.stringify(key));
    }),
  );
});
