import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KVStore } from '../../../contract/objects.ts';
import { rotationsOverdue } from '../../../operator/overdue.ts';
import { store } from './objects.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const secret = (since?: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'cubby-master-key', ...(since && { annotations: { 'cubby.dev/rotating-since': since } }) },
});
const rotating = (previousUntil: string) => store({}, { credentials: { previousGeneration: 1, previousUntil } });

test('a rotation is late as soon as its overlap is over, and none where nothing is rotated', () => {
  const overdue = (since: string | undefined, stores: KVStore[] = []) =>
    rotationsOverdue(secret(since), stores, 600_000, now);
  assert.deepEqual(rotationsOverdue(undefined, [], 600_000, now), { masterKey: 0, store: 0 });
  assert.deepEqual(overdue(undefined, [store()]), { masterKey: 0, store: 0 });
  assert.deepEqual(overdue('2026-01-01T00:55:00Z'), { masterKey: 0, store: 0 });
  assert.deepEqual(overdue('2026-01-01T00:45:00Z'), { masterKey: 300, store: 0 });
  const stores = [rotating('2026-01-01T00:59:00Z'), rotating('2026-01-01T00:50:00Z'), rotating('2026-01-01T02:00:00Z')];
  assert.deepEqual(overdue(undefined, stores), { masterKey: 0, store: 600 });
});
