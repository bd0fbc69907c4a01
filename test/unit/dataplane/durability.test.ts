import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoreTarget } from '../../../dataplane/directory/stores.ts';
import { requireDurability } from '../../../dataplane/pipeline/durability.ts';
import { ApiError } from '../../../dataplane/pipeline/errors.ts';
import { createMemoryStore } from '../../../dataplane/store/memory.ts';
import type { Store } from '../../../dataplane/store/port.ts';

const durable = createMemoryStore();
const store: Store = { ...createMemoryStore(), durable: () => durable };
const member = { host: 'm', port: 6379 };
const replicated = { topology: { mode: 'Replicated', members: [member, member, member] } } as unknown as StoreTarget;
const isBadRequest = (detail: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApiError && error.code === 'bad_request');
  assert.match(error.message, detail);
  return true;
};

test('as many nodes as the store has may be asked for', () => {
  for (const header of ['2', '3']) assert.equal(requireDurability(store, replicated, header), durable);
});

test('more than the store has is refused', () => {
  assert.throws(() => requireDurability(store, replicated, '4'), isBadRequest(/at most 3/));
  const single = {} as StoreTarget;
  assert.throws(() => requireDurability(createMemoryStore(), single, '2'), isBadRequest(/one node/));
  const sharded = { topology: { mode: 'Sharded', members: [member, member] } } as unknown as StoreTarget;
  assert.throws(() => requireDurability(createMemoryStore(), sharded, '2'), isBadRequest(/one node/));
});

test('what is no number of nodes from two on is refused', () => {
  for (const header of ['1', '0', '-2', '2.0', 'two', '', '2, 3', '1e1', ['2', '2']])
    assert.throws(() => requireDurability(store, replicated, header), isBadRequest(/number of nodes/), String(header));
});
