import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLabelSelector } from '../../../kube/label-selector.ts';

/** Selectors, labels that they select, and labels that they do not. */
const selectors: [selector: string, selected: Record<string, string>[], others: Record<string, string>[]][] = [
  ['a=1', [{ a: '1' }, { a: '1', b: '2' }], [{}, { a: '2' }, { b: '1' }]],
  ['a == 1', [{ a: '1' }], [{}, { a: '2' }]],
  ['a!=1', [{}, { a: '2' }], [{ a: '1' }]],
  ['a=', [{ a: '' }], [{}, { a: '1' }]],
  ['a in (1, 2)', [{ a: '1' }, { a: '2' }], [{}, { a: '3' }, { a: '1, 2' }]],
  ['a notin (1,2)', [{}, { a: '3' }], [{ a: '1' }, { a: '2' }]],
  ['a', [{ a: '' }, { a: '1' }], [{}, { b: '1' }]],
  ['!a', [{}, { b: '1' }], [{ a: '' }]],
  ['in', [{ in: '1' }], [{}]],
  ['constructor', [{ constructor: '1' }], [{}]],
  ['a.example.com/b_c=1.0', [{ 'a.example.com/b_c': '1.0' }], [{ b_c: '1.0' }]],
  ['a in (1,2), b!=3,!c', [{ a: '2' }, { a: '1', b: '4' }], [{ a: '2', b: '3' }, { a: '1', c: '' }, { b: '4' }]],
];

for (const [selector, selected, others] of selectors)
  test(`${selector} selects what it does in Kubernetes`, () => {
    const matches = parseLabelSelector(selector);
    for (const labels of selected) assert.equal(matches(labels), true, JSON.stringify(labels));
    for (const labels of others) assert.equal(matches(labels), false, JSON.stringify(labels));
    assert.equal(matches(undefined), matches({}));
  });

test('what is no selector is refused with the part that is none', () => {
  for (const wrong of ['', 'a=1,', 'a in 1', 'a in ()(', 'a=b=c', '!a=1', '!a in (1)', 'a > 1', '-a', 'a b', 'a=(1)'])
    assert.throws(() => parseLabelSelector(wrong), /is no requirement of labels; write/, wrong);
  assert.throws(() => parseLabelSelector('a=1,b c'), /^Error: "b c" is/);
});
