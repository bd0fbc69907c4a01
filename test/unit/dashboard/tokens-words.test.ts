import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameProblem, scopeWords } from '../../../dashboard/src/pages/tokens/words.ts';

test('names that Kubernetes takes are names, and an empty one is left to the server', () => {
  for (const name of ['', 'web', 'a', 'nightly-job.2', '0']) assert.equal(nameProblem(name), undefined, name);
  for (const name of ['Web', '-a', 'a-', 'a b', 'ä', 'a_b', 'x'.repeat(254)]) {
    assert.match(nameProblem(name) ?? '', /small letters/, name);
  }
});

test('scopes are told in words', () => {
  assert.deepEqual(
    [scopeWords(['kv:read', 'kv:write']), scopeWords(['kv:read']), scopeWords(['kv:write']), scopeWords([])],
    ['Read and write', 'Read', 'Write', 'Nothing'],
  );
});
