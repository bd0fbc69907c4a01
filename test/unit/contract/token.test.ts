import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatToken,
  hashToken,
  TOKEN_PREFIXES,
  TOKEN_RANDOM_BYTES,
  type TokenType,
  tokenType,
} from '../../../contract/token.ts';

const types = Object.keys(TOKEN_PREFIXES) as TokenType[];
const anyToken = fc
  .tuple(
    fc.constantFrom(...types),
    fc.uint8Array({ minLength: TOKEN_RANDOM_BYTES, maxLength: TOKEN_RANDOM_BYTES, max: 247 }),
  )
  .map(([type, random]) => ({ type, token: formatToken(type, random) }));

test('a token tells its type, whatever its random part', () => {
  fc.assert(fc.property(anyToken, ({ type, token }) => tokenType(token) === type));
});

test('a token with any one character changed is refused', () => {
  const change = fc.tuple(anyToken, fc.nat(), fc.constantFrom(...'0aZ_ é'));
  fc.assert(
    fc.property(change, ([{ token }, position, character]) => {
      const at = position % token.length;
      fc.pre(token[at] !== character);
      return tokenType(token.slice(0, at) + character + token.slice(at + 1)) === undefined;
    }),
  );
});

test('a token cut short, prolonged or empty is refused', () => {
  const token = formatToken('Deployment', randomBytes(TOKEN_RANDOM_BYTES));
  for (const text of ['', 'dt_', token.slice(0, -1), `${token}0`, ` ${token}`])
    assert.equal(tokenType(text), undefined);
});

test('bytes that would favour a character are passed over', () => {
  const random = new Uint8Array(TOKEN_RANDOM_BYTES).fill(255);
  random.fill(0, 60);
  assert.match(formatToken('ApiKey', random), /^tk_0{30}/);
  assert.throws(() => formatToken('ApiKey', new Uint8Array(TOKEN_RANDOM_BYTES).fill(255)), /not enough random bytes/);
});

test('a hash is the SHA-256 of the whole token', () => {
  assert.equal(hashToken('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
