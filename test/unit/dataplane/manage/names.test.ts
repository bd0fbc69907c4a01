import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { storeNameOf } from '../../../../dataplane/manage/names.ts';

/** What the CRD asks of metadata.name. */
const NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const projectId = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);

test('a project that is a fit name gives its store that name', () => {
  for (const project of ['shop', 'a', 'shop-2', 'x'.repeat(40)]) assert.equal(storeNameOf(project), project);
});

test('any other project gives a fit name that tells what it was, and a hash', () => {
  assert.match(storeNameOf('Shop.EU'), /^shop-eu-[0-9a-f]{8}$/);
  assert.match(storeNameOf('42'), /^p-42-[0-9a-f]{8}$/);
  assert.match(storeNameOf('---'), /^p-[0-9a-f]{8}$/);
  assert.match(storeNameOf('x'.repeat(64)), /^x{31}-[0-9a-f]{8}$/);
});

test('every project has a name that the CRD takes, and always the same', () => {
  fc.assert(
    fc.property(projectId, (project) => {
      const name = storeNameOf(project);
      assert.ok(name.length <= 40 && NAME.test(name), name);
      assert.equal(storeNameOf(project), name);
    }),
  );
});

test('no two projects share a name, even where one looks like the name of the other', () => {
  const alike = fc.constantFrom('shop', 'Shop', 'SHOP', 'shop.', 'shop-', '-shop', 's.hop', 's-hop', 's_hop', 's--hop');
  const lookalike = fc.oneof(alike, alike.map(storeNameOf), projectId);
  fc.assert(
    fc.property(lookalike, lookalike, (a, b) => {
      assert.equal(storeNameOf(a) === storeNameOf(b), a === b, `${a} and ${b}`);
    }),
    { numRuns: 2000 },
  );
});
