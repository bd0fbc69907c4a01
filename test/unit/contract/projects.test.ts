import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KVStore } from '../../../contract/objects.ts';
import { claimedProject, projectHolder } from '../../../contract/projects.ts';

const store = (uid: string, creationTimestamp: string, projectId?: string) =>
  ({
    metadata: { namespace: 'shop', name: 'main', uid, creationTimestamp },
    spec: projectId ? { projectId } : {},
  }) as KVStore;

test('a store without projectId claims its namespace and name', () => {
  assert.equal(claimedProject(store('a', '2026-01-01T00:00:00Z')), 'shop.main');
  assert.equal(claimedProject(store('a', '2026-01-01T00:00:00Z', 'web')), 'web');
});

test('the oldest claimant holds the project, in whatever order they are seen', () => {
  const claimants = [
    store('c', '2026-01-02T00:00:00Z'),
    store('b', '2026-01-01T00:00:00Z'),
    store('a', '2026-01-01T00:00:01Z'),
    store('d', '2026-01-01T00:00:00Z'),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(claimants, { minLength: 4 }), (seen) => projectHolder(seen)?.metadata.uid === 'b'),
  );
  assert.equal(projectHolder([]), undefined);
});
