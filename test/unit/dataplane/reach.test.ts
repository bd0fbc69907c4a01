import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenType } from '../../../contract/token.ts';
import { reach } from '../../../dataplane/directory/reach.ts';
import { createStoreIndex } from '../../../dataplane/directory/stores.ts';
import type { TokenRecord } from '../../../dataplane/directory/tokens.ts';
import { kvStore } from './objects.ts';

const namespaces = ['a', 'b', 'system'] as const;

function world() {
  const stores = createStoreIndex('cubby-system');
  for (const namespace of namespaces) {
    for (const name of ['main', 'other'])
      stores.upsert(kvStore({ namespace, name, projectId: `${namespace}-${name}` }));
  }
  return stores;
}

const record = (namespace: string, type: TokenType, storeName?: string): TokenRecord => ({
  namespace,
  name: 't',
  type,
  role: undefined,
  scopes: new Set(),
  expiresAt: Number.POSITIVE_INFINITY,
  storeName,
});

const outcome = (found: ReturnType<typeof reach>) => (found.state === 'serving' ? found.target.project : found.state);

test('the matrix of every token, every project and every storeRef: nobody reaches another namespace but the system', () => {
  const stores = world();
  const projects = namespaces.flatMap((namespace) => [`${namespace}-main`, `${namespace}-other`]);
  let cases = 0;
  for (const namespace of namespaces) {
    for (const asked of [undefined, 'nowhere', ...projects]) {
      for (const type of ['Project', 'Deployment'] as const) {
        for (const storeName of ['main', 'other']) {
          const found = outcome(reach(stores, 'system', record(namespace, type, storeName), asked));
          assert.equal(found, `${namespace}-${storeName}`, 'bound to its store, whatever was asked');
          cases++;
        }
      }
      const found = outcome(reach(stores, 'system', record(namespace, 'ApiKey'), asked));
      const own = asked?.startsWith(`${namespace}-`) || namespace === 'system';
      const expected = asked === undefined ? 'project-required' : own && projects.includes(asked) ? asked : 'not-found';
      assert.equal(found, expected, `${namespace} asks for ${asked}`);
      cases++;
    }
  }
  assert.equal(cases, 3 * 8 * 5);
});

test('an API key that names a storeRef is still bound to its namespace', () => {
  assert.equal(outcome(reach(world(), 'system', record('a', 'ApiKey', 'main'), 'b-main')), 'not-found');
});

test('a token whose store does not exist, or that names none, is told so', () => {
  const stores = world();
  for (const storeName of ['gone', undefined, '../b/main', '']) {
    const found = reach(stores, 'system', record('a', 'Project', storeName), undefined);
    assert.ok(found.state === 'unavailable');
    assert.match(found.detail, /does not exist/);
  }
});

test('a store whose project an older one of another namespace holds is never served, to either kind of token', () => {
  const stores = createStoreIndex('cubby-system');
  stores.upsert(kvStore({ namespace: 'a', projectId: 'shop', created: '01:00' }));
  stores.upsert(kvStore({ namespace: 'b', projectId: 'shop', created: '02:00' }));
  assert.equal(outcome(reach(stores, 'system', record('b', 'Project', 'main'), undefined)), 'unavailable');
  assert.equal(outcome(reach(stores, 'system', record('b', 'ApiKey'), 'shop')), 'unavailable');
  const held = reach(stores, 'system', record('system', 'ApiKey'), 'shop');
  assert.ok(held.state === 'serving');
  assert.equal(held.target.namespace, 'a');
});
