import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KVToken } from '../../../../contract/objects.ts';
import { viewToken } from '../../../../dataplane/manage/token-view.ts';
import { kvToken } from '../objects.ts';

const now = Date.parse('2026-06-01T00:00:00Z');
const accepted = { accepted: true, revocable: false, now };
const unknown = { ...accepted, accepted: false };

function ready(status: 'True' | 'False', message: string): NonNullable<NonNullable<KVToken['status']>['conditions']> {
  return [{ type: 'Ready', status, reason: 'Any', message, lastTransitionTime: '2026-01-01T00:00:00Z' }];
}

test('a token is shown with all that tells it from others, and neither it nor its hash is in the view', () => {
  const { token, object } = kvToken({ type: 'Deployment', scopes: ['kv:read'], expiresAt: '2026-07-01T00:00:00Z' });
  const hashes = object.status?.hashes ?? [];
  const status = { hashes, prefix: 'dt_', lastFour: 'wxyz', secretName: 'web', issuedAt: '2026-01-02T03:04:05Z' };
  const view = viewToken({ ...object, status: { ...status, rotatesAt: '2026-06-02T00:00:00Z' } }, accepted);
  assert.deepEqual(view, {
    name: 'web',
    type: 'Deployment',
    prefix: 'dt_',
    last_four: 'wxyz',
    scopes: ['kv:read'],
    created_at: '2026-01-02T03:04:05.000Z',
    expires_at: '2026-07-01T00:00:00.000Z',
    rotates_at: '2026-06-02T00:00:00.000Z',
    state: 'active',
    message: null,
    secret_name: 'web',
    revocable: false,
  });
  for (const secret of [token, ...hashes]) assert.ok(!JSON.stringify(view).includes(secret));
});

test('a token that the operator has not seen is pending, with what its object says', () => {
  const { object } = kvToken({ issued: { sha256: 'a'.repeat(64), lastFour: 'wxyz' } });
  const { status: _, ...unseen } = object;
  const view = viewToken(unseen, unknown);
  assert.deepEqual([view.state, view.prefix, view.last_four, view.secret_name], ['pending', 'sk_live_', 'wxyz', null]);
  assert.equal(view.created_at, '2026-01-01T00:00:00Z');
});

test('a token that the operator refuses says why; one that works while something stands against it says what', () => {
  const { object } = kvToken({});
  const refused = { ...object, status: { hashes: [], conditions: ready('False', 'there is no such store') } };
  assert.deepEqual(
    [viewToken(refused, unknown).state, viewToken(refused, unknown).message],
    ['refused', 'there is no such store'],
  );
  assert.deepEqual(
    [viewToken(refused, accepted).state, viewToken(refused, accepted).message],
    ['active', 'there is no such store'],
  );
  const works = { ...object, status: { conditions: ready('True', 'the token is in the Secret web') } };
  assert.equal(viewToken(works, accepted).message, null);
});

test('a token is expired from its moment on, and whatever else is said of it', () => {
  const at = (expiresAt: string) => viewToken(kvToken({ expiresAt }).object, accepted).state;
  assert.equal(at('2026-06-01T00:00:00Z'), 'expired');
  assert.equal(at('2026-06-01T00:00:01Z'), 'active');
});
