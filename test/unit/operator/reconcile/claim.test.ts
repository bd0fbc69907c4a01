import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeClaim } from '../../../../operator/reconcile/claim.ts';
import { isOlder } from '../../../../operator/reconcile/versions.ts';
import { store } from '../objects.ts';

const claim = (labels: Record<string, string>, annotations: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data-main-redis-0', namespace: 'shop', labels, annotations },
  spec: {},
});
const ours = { 'cubby.dev/store': 'main' };

test('what is on the volume is written once', () => {
  const data = { mode: 'aof', version: '8.0.2' } as const;
  const written = { 'cubby.dev/data-mode': 'aof', 'cubby.dev/data-version': '8.0.2' };
  assert.deepEqual(describeClaim(claim(ours, {}), store(), data), { metadata: { annotations: written } });
  assert.equal(describeClaim(claim(ours, written), store(), data), undefined);
  assert.equal(
    describeClaim(claim(ours, written), store(), { mode: undefined, version: undefined }),
    undefined,
    'nothing is forgotten',
  );
});

test('that others than the API may have written is on the claim, for a store that adopts it', () => {
  const since = '2026-01-01T00:00:00.000Z';
  const open = { ...store(), status: { nativeAccessSince: since } };
  const nothing = { mode: undefined, version: undefined };
  const annotations = { 'cubby.dev/native-access-since': since };
  assert.deepEqual(describeClaim(claim(ours, {}), open, nothing), { metadata: { annotations } });
  assert.equal(describeClaim(claim(ours, annotations), open, nothing), undefined);
  assert.equal(describeClaim(claim(ours, annotations), store(), nothing), undefined, 'nothing is forgotten');
});

test('a claim that somebody brought along gets the labels', () => {
  const patch = describeClaim(claim({}, {}), store(), { mode: undefined, version: undefined });
  assert.equal(patch?.metadata?.labels?.['cubby.dev/store'], 'main');
});

test('under Delete the store owns the claim beside other owners, and under Retain it does not', () => {
  const nothing = { mode: undefined, version: undefined };
  const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: 'other-uid' };
  const own = { apiVersion: 'cubby.dev/v1alpha1', kind: 'KVStore', name: 'main', uid: 'store-uid' };
  const former = { ...own, uid: 'former-uid' };
  const owned = (...ownerReferences: (typeof own)[]) => {
    const object = claim(ours, {});
    return { ...object, metadata: { ...object.metadata, ownerReferences } };
  };
  const owners = (references: (typeof own)[], deletionPolicy: 'Retain' | 'Delete') =>
    describeClaim(owned(...references), store({ deletionPolicy }), nothing)?.metadata?.ownerReferences;
  assert.deepEqual(owners([other], 'Delete'), [other, own]);
  assert.deepEqual(owners([former], 'Delete'), [own]);
  assert.equal(owners([other, own], 'Delete'), undefined, 'nothing to write');
  assert.deepEqual(owners([other, own], 'Retain'), [other]);
  assert.equal(owners([other], 'Retain'), undefined, 'nothing to write');
});

test('a version is older by major and minor, as numbers', () => {
  assert.ok(isOlder('7.0', '8.0.2'));
  assert.ok(isOlder('8.2', '8.10'));
  assert.ok(!isOlder('8.0', '8.0.9'));
  assert.ok(!isOlder('8.0.1', '8.0.9'), 'patches share file formats');
  assert.ok(!isOlder('10.0', '9.9'));
});
