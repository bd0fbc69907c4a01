import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childNames, memberHost, memberNames } from '../../../contract/names.ts';

test('the first pod of a store is named the same whether the store has one or several', () => {
  const { pod, volumeClaim } = memberNames('shop', 0);
  assert.deepEqual({ pod, volumeClaim }, { pod: childNames('shop').pod, volumeClaim: childNames('shop').volumeClaim });
});

test('each pod of a store has an address of its own', () => {
  assert.equal(memberHost('tenant', 'shop', 2), 'shop-redis-2.tenant.svc');
});
