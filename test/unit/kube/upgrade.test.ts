import assert from 'node:assert/strict';
import { test } from 'node:test';
import { upgradeFailure } from '../../../kube/upgrade.ts';

const call = { what: 'exec in pod shop/main-0', resource: 'pods/exec', namespace: 'shop' };
const failure = (message: string) => upgradeFailure(new Error(message), call);

test('a refused hand-over names the verbs, the resource and the namespace', () => {
  const { status, message } = failure('Unexpected server response: 403');
  assert.equal(status, 403);
  assert.match(message, /verbs get and create on pods\/exec in the namespace shop/);
});

test('a pod that is not there, and a connection that fails, are told apart', () => {
  assert.deepEqual(
    [failure('Unexpected server response: 404').status, failure('connect ECONNREFUSED').status],
    [404, 0],
  );
  assert.match(failure('connect ECONNREFUSED').message, /exec in pod shop\/main-0 failed: connect ECONNREFUSED/);
});

test('an error without words is still told', () => {
  assert.match(upgradeFailure(undefined, call).message, /could not be opened/);
});
