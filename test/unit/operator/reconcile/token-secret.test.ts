import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_VERSION, type KVToken } from '../../../../contract/objects.ts';
import { formatToken, hashToken } from '../../../../contract/token.ts';
import type { Context } from '../../../../operator/reconcile/context.ts';
import type { Secret } from '../../../../operator/reconcile/kinds.ts';
import { acceptedHashes, keepSecret } from '../../../../operator/reconcile/token-secret.ts';
import { type IssuedToken, tokenSecret } from '../../../../operator/resources/token-secret.ts';

const now = new Date('2026-01-02T00:00:00Z');
const tokenText = (byte: number) => formatToken('Project', new Uint8Array(120).fill(byte));
const [first, second] = [tokenText(1), tokenText(2)];
const [one, two] = [hashToken(first), hashToken(second)];
const issued: IssuedToken = { token: first, issuedAt: '2026-01-01T00:00:00Z' };
const rotated: IssuedToken = { token: second, issuedAt: '2026-01-02T00:00:00Z', rotatedFrom: one, rotatedFor: 'asked' };

function token(hashes: string[]): KVToken {
  const metadata = { name: 'web', namespace: 'shop', uid: 'uid', resourceVersion: '1', generation: 1 };
  return {
    apiVersion: API_VERSION,
    kind: 'KVToken',
    metadata: { ...metadata, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { type: 'Project', storeRef: { name: 'main' }, scopes: ['kv:read'] },
    status: { hashes },
  };
}

function secret(object: KVToken, content: IssuedToken, uid = 'uid'): Secret {
  const manifest = tokenSecret(object, { ...content, url: 'http://cubby', projectId: 'shop' });
  const ownerReferences = [{ apiVersion: API_VERSION, kind: 'KVToken', name: 'web', uid, controller: true }];
  return { ...manifest, metadata: { ...manifest.metadata, ownerReferences } } as Secret;
}

/** Keeps the Secret of a token, of which the cache shows one thing and the API server another. */
async function keep(object: KVToken, cached: Secret | undefined, live: Secret | undefined) {
  const calls = { get: 0, apply: 0 };
  const context = {
    client: {
      get: async () => {
        calls.get++;
        return live;
      },
      apply: async (_kind: unknown, applied: Secret) => {
        calls.apply++;
        return applied;
      },
    },
    caches: { secrets: { get: () => cached }, find: () => cached },
    settings: { dataPlaneUrl: 'http://cubby' },
    events: { record: () => {} },
    pendingTokens: new Map(),
    now: () => now,
  } as unknown as Context;
  const held = await keepSecret(context, object, true, 'shop', new AbortController().signal);
  return { held, calls };
}

test('in steady state the cache is enough', async () => {
  const object = token([one]);
  const { held, calls } = await keep(object, secret(object, issued), undefined);
  assert.deepEqual(acceptedHashes(held), [one]);
  assert.equal(calls.get, 0);
});

test('a cache that is behind takes back no token that pods may have read', async () => {
  for (const hashes of [
    [one, two],
    [two, one],
  ]) {
    const object = token(hashes);
    const { held } = await keep(object, secret(object, issued), secret(object, rotated));
    assert.deepEqual(acceptedHashes(held), [two, one]);
  }
});

test('a foreign Secret is a conflict and not written', async () => {
  const object = token([]);
  const { held, calls } = await keep(object, undefined, secret(object, issued, 'other'));
  assert.deepEqual(held, { conflict: true, retiring: [] });
  assert.equal(calls.apply, 0);
});
