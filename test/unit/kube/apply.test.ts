import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyAll, hashOf } from '../../../kube/apply.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { KubeObject } from '../../../kube/object.ts';

const owner: KubeObject = {
  apiVersion: 'x/v1',
  kind: 'Owner',
  metadata: { name: 'o', namespace: 'ns', uid: 'owner-uid' },
};
const desired = (data: Record<string, string>, name = 'a'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'ns' },
  data,
});

/** A server that stores what is applied, fields of other managers aside, and records the calls. */
function setUp() {
  const stored = new Map<string, KubeObject>();
  const calls: string[] = [];
  let version = 0;
  const client = {
    async get(_: unknown, { name }: { name: string }) {
      calls.push(`get ${name}`);
      return stored.get(name) as never;
    },
    async apply(_: unknown, object: { metadata: { name: string } }) {
      calls.push(`apply ${object.metadata.name}`);
      const now = structuredClone(object) as KubeObject;
      now.metadata.uid = 'uid';
      now.metadata.resourceVersion = String(++version);
      stored.set(object.metadata.name, now);
      return now as never;
    },
  };
  const live = (object: KubeObject) => stored.get(object.metadata.name);
  const apply = (...objects: KubeObject[]) => applyAll(client, objects, live, { fieldManager: 'm', owner });
  const actions = async (...objects: KubeObject[]) => (await apply(...objects)).map(({ action }) => action);
  return { stored, calls, apply, actions };
}

test('creates in order, with an owner that controls', async () => {
  const { apply, calls, stored } = setUp();
  const changes = await apply(desired({}, 'b'), desired({}, 'a'));
  assert.deepEqual(
    changes.map(({ action, ref }) => `${action} ${ref.kind} ${ref.namespace}/${ref.name}`),
    ['created ConfigMap ns/b', 'created ConfigMap ns/a'],
  );
  assert.deepEqual(calls, ['get b', 'apply b', 'get a', 'apply a']);
  assert.equal(stored.get('a')?.metadata.ownerReferences?.[0]?.uid, 'owner-uid');
});

test('whatever the object, applying it again makes no request', async () => {
  const data = fc.dictionary(fc.string(), fc.string());
  await fc.assert(
    fc.asyncProperty(data, async (fields) => {
      const { actions, calls } = setUp();
      assert.deepEqual(await actions(desired(fields)), ['created']);
      calls.length = 0;
      assert.deepEqual(await actions(desired(fields)), ['unchanged']);
      assert.deepEqual(calls, []);
    }),
  );
});

test('any difference between what was and what is desired is applied, a field taken away included', async () => {
  const data = fc.dictionary(fc.string(), fc.string());
  await fc.assert(
    fc.asyncProperty(data, data, async (before, after) => {
      const same = hashOf(before) === hashOf(after);
      const { actions } = setUp();
      await actions(desired(before));
      assert.deepEqual(await actions(desired(after)), [same ? 'unchanged' : 'configured']);
    }),
  );
});

test('a field that somebody changed is set again', async () => {
  const { actions, stored } = setUp();
  await actions(desired({ x: '1' }));
  (stored.get('a') as { data?: unknown }).data = { x: '2' };
  assert.deepEqual(await actions(desired({ x: '1' })), ['configured']);
});

test('an object of the name that is not controlled by the owner is left alone', async () => {
  const { actions, stored, calls } = setUp();
  const controlledBy = (uid: string, controller: boolean) => ({
    ...desired({ x: 'theirs' }),
    metadata: { name: 'a', ownerReferences: [{ apiVersion: 'x/v1', kind: 'Owner', name: 'o', uid, controller }] },
  });
  const foreign = [desired({ x: 'theirs' }), controlledBy('other', true), controlledBy('owner-uid', false)];
  for (const object of foreign) {
    stored.set('a', object);
    assert.deepEqual(await actions(desired({ x: 'ours' }), desired({}, 'b')), ['conflict', 'created']);
    stored.delete('b');
    assert.ok(!calls.includes('apply a'));
  }
});

test('a foreign object that the cache does not show is left alone too', async () => {
  const { stored, calls } = setUp();
  stored.set('a', desired({ x: 'theirs' }));
  const client = {
    get: async () => stored.get('a') as never,
    apply: async () => assert.fail('applied over a foreign object'),
  };
  const [change] = await applyAll(client, [desired({})], () => undefined, { fieldManager: 'm', owner });
  assert.equal(change?.action, 'conflict');
  assert.deepEqual(calls, []);
});

test('what is expected to be absent is applied without asking, and only if it is: else a foreign object is left alone', async () => {
  const stored = new Map([['theirs', desired({ x: 'theirs' }, 'theirs')]]);
  const calls: string[] = [];
  const client = {
    async get(_: unknown, { name }: { name: string }) {
      calls.push(`get ${name}`);
      return stored.get(name) as never;
    },
    async apply(_: unknown, object: { metadata: { name: string; resourceVersion?: string } }) {
      const { name, resourceVersion } = object.metadata;
      calls.push(`apply ${name}${resourceVersion === undefined ? '' : ` at ${resourceVersion}`}`);
      if (!stored.has(name)) return structuredClone(object) as never;
      throw new KubeError({ status: 409, reason: 'Conflict', message: 'the object has been modified' });
    },
  };
  const options = { fieldManager: 'm', owner, expectAbsent: true };
  const objects = [desired({}, 'new'), desired({}, 'theirs')];
  const changes = await applyAll(client, objects, () => undefined, options);
  assert.deepEqual(
    changes.map(({ action }) => action),
    ['created', 'conflict'],
  );
  assert.deepEqual(calls, ['apply new at 1', 'apply theirs at 1', 'get theirs']);
});

test('the hash does not depend on the order of fields, nor on undefined ones', () => {
  assert.equal(hashOf({ a: 1, b: [{ c: 2, d: undefined }] }), hashOf({ b: [{ c: 2 }], a: 1 }));
  assert.notEqual(hashOf({ a: ['x', 'y'] }), hashOf({ a: ['y', 'x'] }));
  assert.notEqual(hashOf({ a: '1' }), hashOf({ a: 1 }));
});
