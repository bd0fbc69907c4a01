import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_VERSION, type KVBackup, type KVStore, type KVToken } from '../../../../contract/objects.ts';
import {
  backupChanged,
  childChanged,
  type Lookups,
  ledgerChanged,
  scheduleChanged,
  storeChanged,
  tokenChanged,
  urgency,
} from '../../../../operator/controller/triggers.ts';
import { backup, schedule, store } from '../objects.ts';

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
  backupsOf: (key) => (key === 'shop/main' ? [backup()] : []),
  schedulesOf: (key) => (key === 'shop/main' ? [schedule()] : []),
  isOurs: ({ metadata }) => metadata.labels?.tier !== 'gold',
};
const none = { stores: [], tokens: [] };
const behind = { backups: ['shop/monday'], schedules: ['shop/nightly'] };

test('a new or a gone store concerns all who claim its project, and their tokens', () => {
  const affected = { stores: ['shop/main', 'rival/main'], tokens: ['shop/web'], ...behind };
  assert.deepEqual(storeChanged(store(), { type: 'created' }, lookups), affected);
  assert.deepEqual(storeChanged(store(), { type: 'deleted' }, lookups), affected);
});

test('an edit concerns the store and what backs it up, and a status or a label nobody', () => {
  const old = store();
  const now = (metadata: Partial<KVStore['metadata']>) => ({
    ...old,
    metadata: { ...old.metadata, resourceVersion: '2', ...metadata },
  });
  const change = { type: 'updated', old } as const;
  assert.deepEqual(storeChanged(now({ generation: 4 }), change, lookups), {
    stores: ['shop/main'],
    tokens: [],
    ...behind,
  });
  assert.deepEqual(storeChanged(now({ annotations: { 'cubby.dev/paused': 'true' } }), change, lookups), {
    stores: ['shop/main'],
    tokens: [],
    ...behind,
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
  const both = { stores: ['shop/main'], tokens: ['shop/web'], ...behind };
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

test('a backup concerns itself, its schedule as it begins and ends, and the store whose deletion waits for it', () => {
  const made = backup({ labels: { 'cubby.dev/schedule': 'nightly' } });
  assert.deepEqual(backupChanged(made, { type: 'created' }, lookups), {
    ...none,
    backups: ['shop/monday'],
    schedules: ['shop/nightly'],
  });
  const updated = (now: KVBackup, old: KVBackup) => backupChanged(now, { type: 'updated', old }, lookups);
  const told = { ...none, backups: [], schedules: [] };
  const at = (phase: 'Running' | 'Completed', bytes = 0) => ({ ...made, status: { phase, progress: { bytes } } });
  assert.deepEqual(updated(at('Running', 5), at('Running')), told);
  assert.deepEqual(updated(at('Completed'), at('Running')), { ...told, schedules: ['shop/nightly'] });
  const final = backup({ labels: { 'cubby.dev/final-backup-of': 'store-uid' } });
  assert.deepEqual(updated({ ...final, status: { phase: 'Running' } }, final).stores, ['shop/main']);
  assert.deepEqual(updated({ ...final }, final).stores, []);
});

test('a schedule is of concern when it comes, goes or is edited', () => {
  const concerned = { ...none, schedules: ['shop/nightly'] };
  assert.deepEqual(scheduleChanged(schedule(), { type: 'created' }, lookups), concerned);
  const old = schedule();
  assert.deepEqual(scheduleChanged(schedule(), { type: 'updated', old }, lookups), { ...none, schedules: [] });
});

test('a pod of a backup concerns the backup alone, its Secret the store as well, whose Redis lets it in by that', () => {
  const owned = (kind: string) =>
    childChanged({
      apiVersion: 'v1',
      kind,
      metadata: {
        name: 'x',
        namespace: 'shop',
        labels: { 'cubby.dev/store': 'main' },
        ownerReferences: [{ apiVersion: API_VERSION, kind: 'KVBackup', name: 'monday', uid: 'u', controller: true }],
      },
    });
  assert.deepEqual(owned('Pod'), { ...none, backups: ['shop/monday'] });
  assert.deepEqual(owned('Secret'), { stores: ['shop/main'], tokens: [], backups: ['shop/monday'] });
});
