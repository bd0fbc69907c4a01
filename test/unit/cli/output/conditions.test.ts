import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isQuiet, say } from '../../../../cli/output/conditions.ts';
import { condition } from '../objects.ts';

const docs = readFileSync(join(import.meta.dirname, '../../../../docs/conditions.md'), 'utf8');
const store = docs.slice(docs.indexOf('## KVStore'), docs.indexOf('### Ready'));
const types = [...store.matchAll(/^\| ([A-Z]\w+) \|/gm)].map(([, type = '']) => type);

test('every condition of a store that is documented has words of its own', () => {
  assert.ok(types.length >= 5, types.join());
  for (const type of types) {
    for (const status of ['True', 'False'] as const) {
      assert.ok(!say(condition(type, status)).text.includes(':'), `${type} ${status}`);
    }
  }
});

test('a condition that is not known is said by its type and status', () => {
  assert.deepEqual(say(condition('New', 'True')), { tone: 'faint', text: 'New: True' });
  assert.deepEqual(say(condition('Ready', 'Unknown')), { tone: 'busy', text: 'Ready: Unknown' });
});

test('a store that is stopped on request is no trouble', () => {
  assert.equal(say(condition('Ready', 'False', 'Hibernated')).tone, 'faint');
  assert.equal(say(condition('Ready', 'False', 'Unavailable')).tone, 'bad');
});

test('only what is as it should be is quiet', () => {
  assert.deepEqual(
    [condition('Degraded', 'False'), condition('Degraded', 'True'), condition('SpecAccepted', 'False')].map(isQuiet),
    [true, false, false],
  );
});
