import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rank } from '../../../../cli/access/token.ts';
import type { KVToken } from '../../../../contract/objects.ts';
import { kvToken } from '../../dataplane/objects.ts';

function token(
  name: string,
  spec: Partial<KVToken['spec']>,
  status: KVToken['status'] = { secretName: name },
): KVToken {
  const { object } = kvToken({ name, storeRef: { name: 'main' }, scopes: ['kv:read', 'kv:write'], ...spec });
  return { ...object, status: { hashes: ['h'], ...status } };
}

const names = (tokens: KVToken[]) => tokens.map(({ metadata }) => metadata.name);

test('tokens of the store go before API keys of the namespace, and those of other stores do not count', () => {
  const { storeRef: _none, ...key } = token('key', { type: 'ApiKey' }).spec;
  const tokens = [{ ...token('key', {}), spec: key }, token('other', { storeRef: { name: 'x' } }), token('web', {})];
  assert.deepEqual(names(rank(tokens, 'main', 'kv:read')), ['web', 'key']);
});

test('a token without the scope, without a Secret or without a hash is of no use', () => {
  const tokens = [
    token('reader', { scopes: ['kv:read'] }),
    token('issued', {}, {}),
    token('pending', {}, { secretName: 'pending', hashes: [] }),
    token('writer', { scopes: ['kv:write'] }),
  ];
  assert.deepEqual(names(rank(tokens, 'main', 'kv:write')), ['writer']);
  assert.deepEqual(names(rank(tokens, 'main', undefined)), ['reader', 'writer']);
});
