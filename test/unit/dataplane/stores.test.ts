import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KVStore } from '../../../contract/objects.ts';
import { createStoreIndex, type StoreState } from '../../../dataplane/directory/stores.ts';
import { kvStore } from './objects.ts';

const detailOf = (state: StoreState | undefined) => (state?.state === 'unavailable' ? state.detail : state?.state);

test('a store is found by name and by project', () => {
  const stores = createStoreIndex('cubby-system');
  stores.upsert(kvStore({ projectId: 'shop' }));
  const found = stores.byName('a', 'main');
  assert.ok(found?.state === 'serving');
  assert.equal(found.target.project, 'shop');
  assert.equal(stores.byProject('shop'), found);
  assert.equal(stores.byName('b', 'main'), undefined);
  assert.equal(stores.byProject('main'), undefined);
});

test('a store without projectId has the project <namespace>.<name>', () => {
  const stores = createStoreIndex('cubby-system');
  stores.upsert(kvStore({}));
  assert.equal(stores.byProject('a.main')?.state, 'serving');
});

test('Redis is looked for at the store’s own Service, whatever its status says', () => {
  const stores = createStoreIndex('cubby-system');
  stores.upsert(kvStore({ status: { endpoint: { host: 'main-redis.victim.svc', port: 1 }, credentialGeneration: 3 } }));
  const found = stores.byName('a', 'main');
  assert.ok(found?.state === 'serving');
  assert.equal(found.target.host, 'main-redis.a.svc');
  assert.equal(found.target.port, 6379);
  assert.equal(found.target.credentialGeneration, 3);
});

test('the Redis of a store that has several are looked for at its own Services, whatever its status says', () => {
  const stores = createStoreIndex('cubby-system');
  const topology = { mode: 'Sharded' as const, members: 3 };
  stores.upsert(kvStore({ status: { endpoint: { host: 'elsewhere', port: 1 }, topology } }));
  const found = stores.byName('a', 'main');
  assert.ok(found?.state === 'serving');
  const members = [0, 1, 2].map((i) => ({ host: `main-redis-${i}.a.svc`, port: 6379 }));
  assert.deepEqual(found.target.topology, { mode: 'Sharded', members });
  stores.upsert(kvStore({ status: { endpoint: { host: '', port: 1 }, topology: { mode: 'Standalone', members: 1 } } }));
  const single = stores.byName('a', 'main');
  assert.ok(single?.state === 'serving');
  assert.equal(single.target.topology, undefined);
});

test('a store of shards does not serve before they have joined', () => {
  const stores = createStoreIndex('cubby-system');
  const endpoint = { host: '', port: 1 };
  stores.upsert(kvStore({ shards: 3, status: { endpoint } }));
  assert.equal(detailOf(stores.byName('a', 'main')), 'the store is being set up');
  stores.upsert(kvStore({ shards: 3, status: { endpoint, topology: { mode: 'Sharded', members: 3 } } }));
  assert.equal(stores.byName('a', 'main')?.state, 'serving');
});

test('reads may be cached, or answered by whichever Redis is the nearest, or neither', () => {
  const stores = createStoreIndex('cubby-system');
  const found = (['primary', 'cached', 'nearest'] as const).map((reads) => {
    stores.upsert(kvStore({ reads }));
    const state = stores.byName('a', 'main');
    assert.ok(state?.state === 'serving');
    return [state.target.cachedReads, state.target.nearestReads];
  });
  assert.deepEqual(found, [
    [false, false],
    [true, false],
    [false, true],
  ]);
});

test('a store that has no endpoint yet, is hibernated or is being deleted does not serve', () => {
  const stores = createStoreIndex('cubby-system');
  stores.upsert(kvStore({ status: {} }));
  assert.equal(detailOf(stores.byName('a', 'main')), 'the store is being set up');
  stores.upsert(kvStore({ enabled: false }));
  assert.equal(detailOf(stores.byName('a', 'main')), 'hibernated');
  stores.upsert(kvStore({ deleted: true }));
  assert.match(detailOf(stores.byName('a', 'main')) ?? '', /being deleted/);
});

test('a restart that the operator has told of lasts until Redis is back; a Redis that starts of itself is none', () => {
  const stores = createStoreIndex('cubby-system');
  const isRestarting = (reason: string | undefined) => {
    const at = { lastTransitionTime: '2026-01-01T00:00:00Z', message: '', observedGeneration: 1 };
    const condition = {
      type: 'Progressing',
      status: reason ? 'True' : 'False',
      reason: reason ?? 'Settled',
      ...at,
    } as const;
    stores.upsert(kvStore({ status: { endpoint: { host: '', port: 1 }, conditions: [condition] } }));
    const found = stores.byName('a', 'main');
    assert.ok(found?.state === 'serving');
    return found.target.restarting;
  };
  assert.equal(isRestarting('Starting'), undefined);
  assert.equal(isRestarting('Restarting'), true);
  assert.equal(isRestarting('Starting'), true);
  assert.equal(isRestarting('Loading'), true);
  assert.equal(isRestarting(undefined), undefined);
  assert.equal(isRestarting('Loading'), undefined);
});

test('a projectId that is not valid does not serve', () => {
  const stores = createStoreIndex('cubby-system');
  for (const projectId of ['', 'a b', 'x'.repeat(65), 'ключ']) {
    stores.upsert(kvStore({ projectId }));
    assert.match(detailOf(stores.byName('a', 'main')) ?? '', /not valid/, projectId);
  }
});

test('of two stores that claim a project the older serves, in whatever order they are seen', () => {
  const older = kvStore({ namespace: 'a', projectId: 'shop', created: '01:00' });
  const newer = kvStore({ namespace: 'b', projectId: 'shop', created: '02:00' });
  for (const order of [
    [older, newer],
    [newer, older],
  ]) {
    const stores = createStoreIndex('cubby-system');
    for (const store of order) stores.upsert(store);
    assert.equal(stores.byName('a', 'main')?.state, 'serving');
    assert.match(detailOf(stores.byName('b', 'main')) ?? '', /held by an older store/);
    assert.equal(stores.byProject('shop'), stores.byName('a', 'main'));
    assert.equal(stores.byProject('shop', 'b'), stores.byName('b', 'main'));
    assert.equal(stores.byProject('shop', 'c'), undefined);
  }
});

test('the newer claimant serves once the older is gone, and a conflict names no other tenant', () => {
  const older = kvStore({ namespace: 'victim', projectId: 'shop', created: '01:00' });
  const stores = createStoreIndex('cubby-system');
  stores.upsert(older);
  stores.upsert(kvStore({ namespace: 'b', projectId: 'shop', created: '02:00' }));
  assert.doesNotMatch(JSON.stringify(stores.byName('b', 'main')), /victim/);
  stores.remove(older);
  assert.equal(stores.byName('b', 'main')?.state, 'serving');
  assert.equal(stores.size, 1);
});

test('the state object stays the same while nothing that a connection depends on changes', () => {
  const stores = createStoreIndex('cubby-system');
  const store = kvStore({ uid: 'u' });
  stores.upsert(store);
  const before = stores.byName('a', 'main');
  stores.upsert({ ...store, status: { ...store.status, memory: { used: 5 } } });
  assert.equal(stores.byName('a', 'main'), before);
  stores.upsert({ ...store, status: { ...store.status, credentialGeneration: 2 } });
  assert.notEqual(stores.byName('a', 'main'), before);
});

test('a store made again under its name is another target', () => {
  const stores = createStoreIndex('cubby-system');
  stores.upsert(kvStore({ uid: 'first' }));
  stores.upsert(kvStore({ uid: 'second' }));
  const found = stores.byName('a', 'main');
  assert.ok(found?.state === 'serving');
  assert.equal(found.target.uid, 'second');
});

test('after any sequence of changes each project has one serving store at most, and it is its holder', () => {
  const change = fc.record({
    namespace: fc.constantFrom('a', 'b', 'c'),
    projectId: fc.constantFrom('p', 'q'),
    created: fc.constantFrom('01:00', '02:00', '03:00'),
    remove: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const stores = createStoreIndex('cubby-system');
      const present = new Map<string, KVStore>();
      for (const { remove, ...fields } of changes) {
        const store = kvStore(fields);
        if (remove) {
          const old = present.get(fields.namespace);
          if (old) stores.remove(old);
          present.delete(fields.namespace);
        } else {
          stores.upsert(store);
          present.set(fields.namespace, store);
        }
      }
      assert.equal(stores.size, present.size);
      for (const project of ['p', 'q']) {
        const claimants = [...present.values()].filter((store) => store.spec.projectId === project);
        const serving = claimants.filter((s) => stores.byName(s.metadata.namespace, 'main')?.state === 'serving');
        assert.equal(serving.length, claimants.length > 0 ? 1 : 0);
        const holder = serving[0];
        assert.equal(stores.byProject(project), holder && stores.byName(holder.metadata.namespace, 'main'));
        for (const other of claimants) {
          assert.ok(!holder || holder.metadata.creationTimestamp <= other.metadata.creationTimestamp);
        }
      }
    }),
  );
});
