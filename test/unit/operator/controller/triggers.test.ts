import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_VERSION, type KVStore, type KVToken } from '../../../../contract/objects.ts';
import {
  childChanged,
  type Lookups,
  ledgerChanged,
  storeChanged,
  tokenChanged,
  urgency,
} from '../../../../operator/controller/triggers.ts';
import { store } from '../objects.ts';

const token = {
  apiVersion: API_VERSION,
  kind: 'KVToken',
  metadata: { ...store().metadata, name: 'web' },
  spec: { type: 'Project', storeRef: { name: 'main' }, scopes: [] },
} satisfies KVToken as KVToken;
const rival: KVStore = { ...store(), metadata: { ...store().metadata, namespace: 'rival', uid: 'rival' } };
const lookups: Lookups = {
  claimants: () => [rival],
  tokensOf: (key) => (key === 'shop/main' ? [token] : []),
  isOurs: ({ metadata }) => metadata.labels?.tier !== 'gold',
};
const none = { stores: [], tokens: [] };

test('a new or a gone store concerns all who claim its project, and their tokens', () => {
  const affected = { stores: ['shop/main', 'rival/main'], tokens: ['shop/web'] };
  assert.deepEqual(storeChanged(store(), { type: 'created' }, lookups), affected);
  assert.deepEqual(storeChanged(store(), { type: 'deleted' }, lookups), affected);
});

test('an edit concerns the store alone, and a status or a label nobody', () => {
  const old = store();
  const now = (metadata: Partial<KVStore['metadata']>) => ({
    ...old,
    metadata: { ...old.metadata, resourceVersion: '2', ...metadata },
  });
  const change = { type: 'updated', old } as const;
  assert.deepEqual(storeChanged(now({ generation: 4 }), change, lookups), { stores: ['shop/main'], tokens: [] });
  assert.deepEqual(storeChanged(now({ annotations: { 'cubby.dev/paused': 'true' } }), change, lookups), {
    stores: ['shop/main'],
    tokens: [],
  });
  assert.deepEqual(storeChanged(now({}), change, lookups), none);
  assert.deepEqual(storeChanged(now({ labels: { team: 'a' } }), change, lookups), none);
});

test('a token is of concern when it comes, goes or is edited', () => {
  assert.deepEqual(tokenChanged(token, { type: 'created' }, lookups), { stores: [], tokens: ['shop/web'] });
  assert.deepEqual(tokenChanged(token, { type: 'deleted' }, lookups), { stores: [], tokens: ['shop/web'] });
});

test('what a label brings over from another shard is of concern, a store with its tokens; what it takes away is not', () => {
  const labelled = <T extends KVStore | KVToken>(object: T, labels: Record<string, string>): T => ({
    ...object,
    metadata: { ...object.metadata, labels },
  });
  const [gold, plain] = [labelled(store(), { tier: 'gold' }), labelled(store(), { tier: 'free' })];
  const both = { stores: ['shop/main'], tokens: ['shop/web'] };
  assert.deepEqual(storeChanged(plain, { type: 'updated', old: gold }, lookups), both);
  assert.deepEqual(storeChanged(gold, { type: 'updated', old: plain }, lookups), none);
  const [goldToken, plainToken] = [labelled(token, { tier: 'gold' }), labelled(token, {})];
  const own = { stores: [], tokens: ['shop/web'] };
  assert.deepEqual(tokenChanged(plainToken, { type: 'updated', old: goldToken }, lookups), own);
  assert.deepEqual(tokenChanged(goldToken, { type: 'updated', old: plainToken }, lookups), none);
});

test('a child concerns its controller, whatever its labels say; pods and claims go by label', () => {
  const owned = (kind: string, labels: Record<string, string> = {}) =>
    childChanged({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'x',
        namespace: 'shop',
        labels,
        ownerReferences: [{ apiVersion: API_VERSION, kind, name: 'owner', uid: 'u', controller: true }],
      },
    });
  assert.deepEqual(owned('KVStore', { 'cubby.dev/store': 'lie' }).stores, ['shop/owner']);
  assert.deepEqual(owned('KVToken').tokens, ['shop/owner']);
  assert.deepEqual(owned('StatefulSet', { 'cubby.dev/store': 'main' }).stores, ['shop/main']);
  assert.deepEqual(owned('Other'), none);
});

test('the ledger is of concern when it comes, goes or is edited, and no other store is', () => {
  const at = (namespace: string, name: string, generation = 3) => ({
    ...store(),
    metadata: { ...store().metadata, namespace, name, generation },
  });
  const ledger = at('cubby-system', 'ledger');
  for (const type of ['created', 'deleted'] as const) {
    assert.equal(ledgerChanged(ledger, { type }, 'cubby-system'), true);
    assert.equal(ledgerChanged(at('shop', 'ledger'), { type }, 'cubby-system'), false);
    assert.equal(ledgerChanged(at('cubby-system', 'main'), { type }, 'cubby-system'), false);
  }
  const updated = { type: 'updated', old: ledger } as const;
  assert.equal(ledgerChanged(at('cubby-system', 'ledger', 4), updated, 'cubby-system'), true);
  assert.equal(ledgerChanged(ledger, updated, 'cubby-system'), false);
});

test('what a leader finds seen to waits, and what was edited or made meanwhile does not', () => {
  const seen = store({}, { observedGeneration: 3 });
  assert.equal(urgency(seen, { type: 'created' }), 'resync');
  assert.equal(urgency(store({}, { observedGeneration: 2 }), { type: 'created' }), 'edit');
  assert.equal(urgency(store(), { type: 'created' }), 'edit');
  assert.equal(urgency(seen, { type: 'updated', old: seen }), 'edit');
  assert.equal(urgency(seen, { type: 'deleted' }), 'edit');
});
