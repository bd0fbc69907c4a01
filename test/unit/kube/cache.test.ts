import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCache, ownerUids } from '../../../kube/cache.ts';
import type { ApiObject, KubeObject } from '../../../kube/object.ts';

const object = (name: string, owner: string, namespace = 'ns'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: owner, uid: owner }] },
});
const namesOf = (objects: ApiObject[]) => objects.map(({ metadata }) => metadata.name).sort();

test('finds by key, by namespace and by index', () => {
  const cache = createCache({ owner: ownerUids });
  cache.put(object('a', 'o1'));
  cache.put(object('b', 'o2', 'elsewhere'));
  assert.equal(cache.get({ namespace: 'ns', name: 'a' })?.metadata.name, 'a');
  assert.deepEqual(namesOf(cache.list('elsewhere')), ['b']);
  assert.deepEqual(namesOf(cache.by('owner', 'o1')), ['a']);
  assert.throws(() => cache.by('colour', 'red'), /no index "colour"/);
});

test('however it was changed, an index finds exactly what a search through everything finds', () => {
  const step = fc.record({
    remove: fc.boolean(),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    owner: fc.constantFrom('o1', 'o2', 'o3'),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const cache = createCache({ owner: ownerUids });
      for (const { remove, name, owner } of steps) {
        if (remove) cache.remove({ namespace: 'ns', name });
        else cache.put(object(name, owner));
      }
      for (const owner of ['o1', 'o2', 'o3']) {
        const expected = cache.list().filter((candidate) => ownerUids(candidate).includes(owner));
        assert.deepEqual(namesOf(cache.by('owner', owner)), namesOf(expected));
      }
    }),
  );
});
