import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatRoute, PAGES, parseRoute, type Route } from '../../../dashboard/src/route.ts';

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((name) => name.isWellFormed());

test('a route comes back from the address bar as it was, whatever project and key are called', () => {
  const routes = fc.record({ project: text, page: fc.constantFrom(...PAGES) }, { noNullPrototype: true });
  fc.assert(
    fc.property(routes, text, (route, key) => {
      const whole: Route = route.page === 'kv' ? { ...route, key } : route;
      assert.deepEqual(parseRoute(formatRoute(whole)), whole);
    }),
  );
});

test('a key never leaves the fragment: no location has a question mark or a hash sign', () => {
  fc.assert(
    fc.property(text, text, (project, key) => assert.doesNotMatch(formatRoute({ project, page: 'kv', key }), /[?#]/)),
  );
});

test('a location that makes no sense leads to the keys', () => {
  assert.deepEqual(parseRoute('/'), { page: 'kv' });
  assert.deepEqual(parseRoute('/shop'), { project: 'shop', page: 'kv' });
  assert.deepEqual(parseRoute('/shop/nothing/x'), { project: 'shop', page: 'kv', key: 'x' });
  assert.deepEqual(parseRoute('/shop/kv/%E0%A4%A'), { project: 'shop', page: 'kv', key: '%E0%A4%A' });
});
