import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MasterKeys, masterKeyId } from '../../../../contract/credentials.ts';
import type { KVStore } from '../../../../contract/objects.ts';
import { decideKeyRotation, isProgressAlone } from '../../../../operator/reconcile/key-rotation.ts';
import { store } from '../objects.ts';

const [one, two, three] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer];
const now = new Date('2026-01-01T01:00:00Z');
const hourAgo = '2026-01-01T00:00:00Z';

/** A store that ran, and accepts the passwords of that key. */
function running(key: Buffer | undefined, changes: Partial<KVStore['metadata']> = {}): KVStore {
  const object = store();
  const status = {
    image: 'redis',
    phase: 'Ready' as const,
    ...(key && { credentials: { masterKey: masterKeyId(key) } }),
  };
  return { ...object, metadata: { ...object.metadata, ...changes }, status };
}

function decide(
  found: MasterKeys,
  {
    annotations = {},
    known = found,
    stores = [] as KVStore[],
    overlapMs = 600_000,
  }: {
    annotations?: Record<string, string>;
    known?: MasterKeys;
    stores?: KVStore[];
    overlapMs?: number;
  } = {},
) {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'cubby-master-key', annotations } };
  return decideKeyRotation(secret, found, known, stores, overlapMs, now);
}

const rotating = { 'cubby.dev/rotating-to': masterKeyId(two), 'cubby.dev/rotating-since': hourAgo };

test('a request makes one key; the same request again, and a request while a rotation goes on, make none', () => {
  assert.deepEqual(decide({ current: one }), { action: 'keep' });
  const asked = { 'cubby.dev/rotate': 'a' };
  assert.deepEqual(decide({ current: one }, { annotations: asked }), { action: 'rotate', request: 'a' });
  const obeyed = { ...asked, 'cubby.dev/rotated-for': 'a' };
  assert.deepEqual(decide({ current: two }, { annotations: obeyed }), { action: 'keep' });
  const both = { current: two, previous: one };
  assert.equal(decide(both, { annotations: { ...rotating, 'cubby.dev/rotate': 'b' } }).action, 'finish');
});

test('a key that went lost between two looks is kept; one whose rotation is over is not', () => {
  const known = { current: two, previous: one };
  assert.deepEqual(decide({ current: two }, { known }), { action: 'preserve', previous: one });
  assert.deepEqual(decide({ current: two }, { known: { current: two } }), { action: 'keep' });
  assert.deepEqual(decide({ current: three }, { known }), { action: 'keep' }, 'the Secret is not followed yet');
});

test('a rotation whose previous key somebody removed is over, and the next request is obeyed after it', () => {
  const annotations = { ...rotating, 'cubby.dev/rotate': 'b' };
  const progress = 'the previous key is not in the Secret any more';
  assert.deepEqual(decide({ current: two }, { annotations }), { action: 'finish', progress });
  const known = { current: two, previous: one };
  assert.equal(decide({ current: two }, { annotations, known }).action, 'preserve');
});

test('the time of a rotation counts from when the present key was first seen', () => {
  const both = { current: two, previous: one };
  const since = '2026-01-01T01:00:00Z';
  for (const annotations of [
    {},
    { ...rotating, 'cubby.dev/rotating-to': masterKeyId(three) },
    { ...rotating, 'cubby.dev/rotating-since': 'x' },
  ])
    assert.deepEqual(decide(both, { annotations }), { action: 'note', since });
});

test('the previous key goes when its time is over and every store that has users accepts the present one', () => {
  const both = { current: two, previous: one };
  const wait = (stores: KVStore[], overlapMs?: number) => {
    const decision = decide(both, { annotations: rotating, stores, ...(overlapMs && { overlapMs }) });
    return decision.action === 'wait' ? decision.progress : decision.action;
  };
  assert.equal(wait([running(two), store()]), 'finish', 'one that was never made has no users');
  assert.equal(
    wait([running(two)], 7_200_000),
    '1 of 1 stores accept the new key; the old one is accepted until 2026-01-01T02:00:00Z',
  );
  const paused = { namespace: 'shop', name: 'cart', annotations: { 'cubby.dev/paused': 'true' } };
  assert.equal(
    wait([running(two), running(one, paused), running(undefined)]),
    '1 of 3 stores accept the new key; waiting for shop/cart (Paused), shop/main (Ready)',
  );
  assert.equal(
    wait([running(one, { deletionTimestamp: hourAgo })]),
    'finish',
    'one that is being deleted needs no key',
  );
  assert.match(wait(Array.from({ length: 9 }, () => running(one))), /^0 of 9 .* and 4 more$/);
});

test('a Secret whose progress alone has changed is told from one that asks for something', () => {
  const secret = (
    annotations: Record<string, string>,
    data: Record<string, string> = { 'master-key': 'a' },
    uid = '1',
  ) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cubby-master-key', uid, resourceVersion: String(Math.random()), annotations },
    data,
  });
  const old = secret({ ...rotating, 'cubby.dev/rotation-progress': '1 of 2' });
  assert.ok(isProgressAlone(secret({ ...rotating, 'cubby.dev/rotation-progress': '2 of 2' }), old));
  assert.ok(isProgressAlone(secret(rotating), old));
  assert.ok(!isProgressAlone(secret({ ...rotating, 'cubby.dev/rotate': 'a' }), old));
  assert.ok(!isProgressAlone(secret(rotating, { 'master-key': 'b' }), old));
  assert.ok(!isProgressAlone(secret(rotating, undefined, '2'), old));
});

test('a store that has lost its project is waited for, and that is why it waits', () => {
  const lost = running(one);
  const conditions = [
    {
      type: 'Ready',
      status: 'False',
      reason: 'ProjectIdConflict',
      lastTransitionTime: hourAgo,
      message: '',
      observedGeneration: 1,
    },
  ] as const;
  const stores = [{ ...lost, status: { ...lost.status, conditions: [...conditions] } } as KVStore];
  const decision = decide({ current: two, previous: one }, { annotations: rotating, stores });
  assert.deepEqual(decision, {
    action: 'wait',
    progress: '0 of 1 stores accept the new key; waiting for shop/main (ProjectIdConflict)',
  });
});
