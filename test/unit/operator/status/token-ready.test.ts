import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TokenFacts, tokenReady } from '../../../../operator/status/token-ready.ts';

const good: TokenFacts = {
  namespace: 'shop',
  systemNamespace: 'cubby-system',
  secretName: 'web-kv',
  secretConflict: false,
  secretRefusal: undefined,
  forbiddenRole: undefined,
  hashTaken: false,
  expiresAt: undefined,
  expired: false,
  store: { name: 'main', exists: true, refusal: undefined },
};

const refusal = { reason: 'ProjectIdConflict' as const, message: 'another KVStore serves it' };
const table: [Partial<TokenFacts>, string, RegExp][] = [
  [{}, 'True Issued', /Secret web-kv/],
  [{ store: undefined }, 'True Issued', /Secret web-kv/],
  [{ secretName: undefined }, 'True Issued', /only whoever asked for it has the token/],
  [{ secretConflict: true }, 'False SecretConflict', /delete or rename it/],
  [{ secretRefusal: 'exceeded quota' }, 'False SecretRefused', /raise the namespace's quota.*exceeded quota/],
  [{ forbiddenRole: 'SystemAdmin' }, 'False RoleNotAllowed', /cubby-system.*remove spec\.role/],
  [{ hashTaken: true }, 'False HashTaken', /create another KVToken/],
  [{ expired: true, expiresAt: '2026-01-01T00:00:00Z' }, 'False Expired', /later spec\.expiresAt/],
  [
    { store: { name: 'main', exists: false, refusal: undefined } },
    'False StoreNotFound',
    /no KVStore main in the namespace shop; create it/,
  ],
  [{ store: { name: 'main', exists: true, refusal } }, 'False ProjectIdConflict', /another KVStore/],
];

for (const [changes, expected, message] of table) {
  test(`Ready is ${expected} with ${JSON.stringify(changes)}`, () => {
    const verdict = tokenReady({ ...good, ...changes });
    assert.equal(`${verdict.status} ${verdict.reason}`, expected);
    assert.match(verdict.message, message);
  });
}
