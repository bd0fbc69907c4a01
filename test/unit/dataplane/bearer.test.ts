import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { hashToken } from '../../../contract/token.ts';
import { authenticate } from '../../../dataplane/auth/bearer.ts';
import { createTokenIndex } from '../../../dataplane/directory/tokens.ts';
import { kvToken } from './objects.ts';

const now = Date.parse('2026-06-01T00:00:00Z');
const never = () => assert.fail('a look-up');

test('a known token of each type is accepted, with any case of the scheme', () => {
  for (const type of ['Project', 'Deployment', 'ApiKey'] as const) {
    const tokens = createTokenIndex('cubby-system');
    const { token, object } = kvToken({ type });
    tokens.upsert(object);
    for (const header of [`Bearer ${token}`, `bearer ${token}`, `BEARER  ${token} `]) {
      const grant = authenticate(header, tokens.find, now);
      assert.ok(typeof grant === 'object');
      assert.equal(grant.name, 'web');
    }
  }
});

test('a request without a token is told so', () => {
  assert.equal(authenticate(undefined, never, now), 'missing');
  assert.equal(authenticate('', never, now), 'missing');
});

test('every token with one wrong character is refused without a look-up', () => {
  const { token } = kvToken({});
  for (let at = 0; at < token.length; at++) {
    const typo = token.slice(0, at) + (token[at] === 'a' ? 'b' : 'a') + token.slice(at + 1);
    assert.equal(authenticate(`Bearer ${typo}`, never, now), 'malformed', `at ${at}`);
  }
});

test('what is no token is refused without a look-up', () => {
  const { token } = kvToken({});
  const headers = [
    token,
    `Basic ${token}`,
    `Bearer`,
    `Bearer `,
    `Bearer ${token} x`,
    `Bearer ${token}, Bearer ${token}`,
  ];
  for (const header of [
    ...headers,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token}a`,
    `Bearer ${'x'.repeat(10_000)}`,
  ]) {
    assert.equal(authenticate(header, never, now), 'malformed', header.slice(0, 80));
  }
});

test('a well-formed token that nobody issued is unknown', () => {
  assert.equal(
    authenticate(`Bearer ${kvToken({}).token}`, () => undefined, now),
    'unknown',
  );
});

test('a token is refused from the moment it expires on', () => {
  const tokens = createTokenIndex('cubby-system');
  const { token, object } = kvToken({ expiresAt: '2026-06-01T00:00:00Z' });
  tokens.upsert(object);
  assert.equal(typeof authenticate(`Bearer ${token}`, tokens.find, now - 1), 'object');
  assert.equal(authenticate(`Bearer ${token}`, tokens.find, now), 'expired');
});

test('an expiry that is no time counts as past', () => {
  const tokens = createTokenIndex('cubby-system');
  const { token, object } = kvToken({ expiresAt: 'soon' });
  tokens.upsert(object);
  assert.equal(authenticate(`Bearer ${token}`, tokens.find, now), 'expired');
});

test('a token whose object is of another type is unknown', () => {
  const tokens = createTokenIndex('cubby-system');
  const { token } = kvToken({ type: 'Deployment' });
  tokens.upsert(kvToken({ type: 'ApiKey', hashes: [hashToken(token)] }).object);
  assert.equal(authenticate(`Bearer ${token}`, tokens.find, now), 'unknown');
});

test('a token that was accepted before is refused once it is revoked', () => {
  const tokens = createTokenIndex('cubby-system');
  const { token, object } = kvToken({});
  tokens.upsert(object);
  for (let i = 0; i < 3; i++) assert.equal(typeof authenticate(`Bearer ${token}`, tokens.find, now), 'object');
  tokens.remove(object);
  assert.equal(authenticate(`Bearer ${token}`, tokens.find, now), 'unknown');
});

test('what is remembered of a token is small, however it was presented', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { token, object } = kvToken({});
  const tokens = createTokenIndex('cubby-system');
  tokens.upsert(object);
  const heap = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = heap();
  for (let i = 0; i < 2000; i++) {
    const padded = `Bearer ${' '.repeat(4000 + i)}${token}`;
    assert.ok(typeof authenticate(padded, tokens.find, now) === 'object');
    const { token: each, object: granted } = kvToken({ name: `t${i}` });
    // As the transports have it: a part of the text of a request.
    const [header = ''] =
      /Bearer \w+/.exec(Buffer.from(`Authorization: Bearer ${each}\r\n${'x'.repeat(8000)}`).toString('latin1')) ?? [];
    tokens.upsert(granted);
    assert.ok(typeof authenticate(header, tokens.find, now) === 'object');
    tokens.remove(granted);
  }
  const grown = heap() - before;
  assert.ok(grown < 4_000_000, `${grown} bytes`);
});
