import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_VERSION, type KVToken } from '../../../../contract/objects.ts';
import { decideRotation, PUBLISH_MS, retiringTokens } from '../../../../operator/reconcile/rotation.ts';

const now = new Date('2026-01-02T00:00:00Z');
const before = (ms: number) => new Date(now.getTime() - ms);
const issued = { token: 'sk_live_x', issuedAt: '2026-01-01T00:00:00Z' };
const pending = (publishedMs?: number) => ({
  uid: 'uid',
  token: 'sk_live_y',
  ...(publishedMs !== undefined && { publishedAt: before(publishedMs) }),
});

function token(rotation?: KVToken['spec']['rotation'], rotate?: string): KVToken {
  return {
    apiVersion: API_VERSION,
    kind: 'KVToken',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'uid',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(rotate !== undefined && { annotations: { 'cubby.dev/rotate': rotate } }),
    },
    spec: { type: 'Project', storeRef: { name: 'main' }, scopes: ['kv:read'], ...(rotation && { rotation }) },
  };
}

const asked = '2026-01-01T23:00:00Z';
const retired = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ sha256: `${i}`, until: `2026-01-0${9 - i}T00:00:00Z` }));

test('a token is kept until its age or a request that was not met says otherwise', () => {
  const decide = (...[object, more = {}]: [KVToken, object?]) =>
    decideRotation(object, { ...issued, ...more }, [], undefined, now).action;
  assert.equal(decide(token()), 'keep');
  assert.equal(decide(token({ every: '25h', overlap: '1h' })), 'keep');
  assert.equal(decide(token({ every: '24h', overlap: '1h' })), 'publish');
  assert.equal(decide(token(undefined, asked)), 'publish');
  assert.equal(decide(token(undefined, asked), { rotatedFor: asked }), 'keep');
  assert.equal(decide(token(undefined, 'soon')), 'keep');
});

test('the next token is used only when its hash was published long enough', () => {
  const decide = (next: ReturnType<typeof pending> | undefined) =>
    decideRotation(token(undefined, asked), issued, [], next, now);
  assert.deepEqual(decide(undefined), { action: 'publish', waitMs: PUBLISH_MS });
  assert.deepEqual(decide(pending()), { action: 'publish', waitMs: PUBLISH_MS });
  assert.deepEqual(decide(pending(PUBLISH_MS - 1)), { action: 'publish', waitMs: 1 });
  assert.deepEqual(decide(pending(PUBLISH_MS)), { action: 'replace' });
});

test('with as many replaced tokens as the status holds, the next rotation waits and says until when', () => {
  const decision = decideRotation(token(undefined, asked), issued, retired(6), pending(PUBLISH_MS), now);
  assert.equal(decision.action, 'keep');
  assert.match(JSON.stringify(decision), /RotationWaits.*waits until 2026-01-04T00:00:00Z/);
  assert.equal(decideRotation(token(undefined, asked), issued, retired(5), pending(PUBLISH_MS), now).action, 'replace');
});

test('a replaced token that was accepted is so until its overlap is over, and no other hash is taken from a Secret', () => {
  const rotated = { ...issued, issuedAt: '2026-01-01T23:30:00Z', rotatedFrom: 'old' };
  const known = { hashes: ['old', 'new'] };
  const hourly = token({ overlap: '1h' });
  const entry = { sha256: 'old', until: '2026-01-02T00:30:00Z' };
  assert.deepEqual(retiringTokens(hourly, known, rotated, now), [entry]);
  assert.deepEqual(retiringTokens(hourly, { hashes: ['new', 'old'], retiring: [entry] }, rotated, now), [entry]);
  assert.deepEqual(retiringTokens(hourly, { hashes: ['new'] }, rotated, now), [], 'never accepted, or ended');
  assert.deepEqual(retiringTokens(hourly, known, issued, now), [], 'issued anew');
  assert.deepEqual(retiringTokens(token({ overlap: '30m' }), known, rotated, now), [], 'over');
  assert.equal(retiringTokens(token(), known, rotated, now)[0]?.until, '2026-01-02T23:30:00Z');
});
