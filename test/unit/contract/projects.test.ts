import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KVStore } from '../../../contract/objects.ts';
import { claimedProject, claimsReserved, LEDGER, projectHolder } from '../../../contract/projects.ts';

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
    fc.property(
      fc.shuffledSubarray(claimants, { minLength: 4 }),
      (seen) => projectHolder(seen, 'cubby-system')?.metadata.uid === 'b',
    ),
  );
  assert.equal(projectHolder([], 'cubby-system'), undefined);
});

test("the ledger's project is held by the ledger alone, however old another claim is", () => {
  const thief = store('a', '2020-01-01T00:00:00Z', LEDGER.projectId);
  const claim = store('b', '2026-01-01T00:00:00Z', LEDGER.projectId);
  const at = (namespace: string, name: string) => ({ ...claim, metadata: { ...claim.metadata, namespace, name } });
  const ledger = at('cubby-system', LEDGER.name);
  assert.equal(projectHolder([thief, ledger], 'cubby-system'), ledger);
  assert.equal(projectHolder([thief], 'cubby-system'), undefined);
  assert.equal(claimsReserved(ledger, 'cubby-system'), false);
  for (const other of [thief, at('shop', LEDGER.name), at('cubby-system', 'main')])
    assert.equal(claimsReserved(other, 'cubby-system'), true);
  assert.equal(claimsReserved(store('a', '2020-01-01T00:00:00Z', 'shop'), 'cubby-system'), false);
});
