import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createProjectList } from '../../../dataplane/directory/projects.ts';

const all = { prefix: '', after: '', limit: 1000 };

test('ids are sorted, of one namespace or of all, each once however many claim it', () => {
  const list = createProjectList();
  for (const [namespace, project] of [
    ['b', 'shop'],
    ['a', 'web'],
    ['a', 'shop'],
    ['a', 'Cart'],
  ] as const)
    list.add(namespace, project);
  assert.deepEqual(list.page(undefined, all), ['Cart', 'shop', 'web']);
  assert.deepEqual(list.page('b', all), ['shop']);
  assert.deepEqual(list.page('c', all), []);
  list.remove('b', 'shop');
  assert.deepEqual(list.page(undefined, all), ['Cart', 'shop', 'web']);
  assert.deepEqual(list.page('b', all), []);
});

test('the project of the ledger and an id that is not valid are in no list', () => {
  const list = createProjectList();
  for (const project of ['cubby-ledger', 'a b', '', 'x'.repeat(65)]) list.add('cubby-system', project);
  assert.deepEqual(list.page(undefined, all), []);
});

test('after any changes the pages hold what is claimed, in order, with that prefix and after that id', () => {
  const id = fc.constantFrom('a', 'ab', 'abc', 'b', 'ba', 'c');
  const change = fc.record({ namespace: fc.constantFrom('m', 'n'), project: id, add: fc.boolean() });
  const prefix = fc.constantFrom('', 'a', 'ab', 'b', 'z');
  const after = fc.constantFrom('', 'a', 'ab', 'az', 'b', 'z');
  fc.assert(
    fc.property(fc.array(change), prefix, after, fc.integer({ min: 1, max: 4 }), (changes, prefix, after, limit) => {
      const list = createProjectList();
      const claims: string[] = [];
      for (const { namespace, project, add } of changes) {
        const claim = `${namespace}/${project}`;
        if (add) list.add(namespace, project);
        else if (claims.includes(claim)) list.remove(namespace, project);
        if (add) claims.push(claim);
        else if (claims.includes(claim)) claims.splice(claims.indexOf(claim), 1);
      }
      for (const namespace of ['m', 'n', undefined]) {
        const seen = claims
          .map((claim) => claim.split('/'))
          .filter(([of]) => namespace === undefined || of === namespace);
        const expected = [...new Set(seen.map(([, project = '']) => project))]
          .sort()
          .filter((project) => project.startsWith(prefix) && project > after)
          .slice(0, limit);
        assert.deepEqual(list.page(namespace, { prefix, after, limit }), expected);
      }
    }),
  );
});
