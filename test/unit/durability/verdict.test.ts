import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Answer, type Operation, outcomeOf } from '../../durability/history.ts';
import { countLost, judge, type Reading } from '../../durability/verdict.ts';

let clock = 0;
const operation = (fields: Pick<Operation, 'kind' | 'key' | 'answer'> & Partial<Operation>): Operation => {
  clock += 2;
  return { sentAt: clock, answeredAt: clock + 1, ...fields };
};
const set = (key: string, value: string, answer: Answer = 200) => operation({ kind: 'set', key, value, answer });
const remove = (key: string, answer: Answer = 200) => operation({ kind: 'delete', key, answer });
const increment = (answer: Answer, sum?: number) =>
  operation({ kind: 'increment', key: 'counter', answer, ...(sum !== undefined && { sum }) });

const judged = (history: Operation[], readings: Record<string, Reading>) => {
  const { lost, resurrected, unknownApplied, ...rest } = judge(history, new Map(Object.entries(readings)));
  return { lost: countLost({ ...rest, lost, resurrected, unknownApplied }), back: resurrected.length, unknownApplied };
};
const clean = { lost: 0, back: 0, unknownApplied: 0 };

describe('answers', () => {
  test('a time-out, a broken connection and an internal error leave a write unknown', () => {
    for (const answer of ['broken', 500, 502, 504] as const)
      assert.equal(outcomeOf({ kind: 'set', answer }), 'unknown');
  });
  test('a refusal is known not to have been applied', () => {
    for (const answer of [402, 404, 429, 503, 507]) assert.equal(outcomeOf({ kind: 'set', answer }), 'refused');
  });
  test('a delete of what was not there is done', () => {
    assert.equal(outcomeOf({ kind: 'delete', answer: 404 }), 'acknowledged');
  });
});

describe('a key', () => {
  test('that holds its last acknowledged write is well', () => {
    assert.deepEqual(judged([set('k', 'a'), set('k', 'b')], { k: 'b' }), clean);
    assert.deepEqual(judged([set('k', 'a'), remove('k')], {}), clean);
  });
  test('that is gone has lost every acknowledged write', () => {
    assert.deepEqual(judged([set('k', 'a'), set('k', 'b')], {}), { ...clean, lost: 2 });
  });
  test('that went back to an earlier write has lost those after it, since the first of them', () => {
    const history = [set('k', 'a'), set('k', 'b'), set('k', 'c')];
    const { lost } = judge(history, new Map([['k', 'a']]));
    assert.deepEqual(lost, [{ key: 'k', expected: 'c', found: 'a', writes: 2, since: history[1]?.answeredAt }]);
  });
  test('may hold an unknown write or not', () => {
    const history = [set('k', 'a'), set('k', 'b', 504)];
    assert.deepEqual(judged(history, { k: 'a' }), clean);
    assert.deepEqual(judged(history, { k: 'b' }), { ...clean, unknownApplied: 1 });
    assert.deepEqual(judged(history, {}), { ...clean, lost: 1 });
    assert.deepEqual(judged([set('k', 'a'), remove('k', 'broken')], {}), { ...clean, unknownApplied: 1 });
  });
  test('must not hold a refused write', () => {
    assert.deepEqual(judged([set('k', 'a'), set('k', 'b', 503)], { k: 'b' }), { ...clean, back: 1 });
    assert.deepEqual(judged([set('k', 'a', 507)], { k: 'a' }), { ...clean, back: 1 });
  });
  test('that came back has lost its delete', () => {
    assert.deepEqual(judged([set('k', 'a'), remove('k')], { k: 'a' }), { ...clean, lost: 1 });
  });
  test('must not hold what nobody wrote', () => {
    assert.deepEqual(judged([set('k', 'a')], { k: 'z' }), { ...clean, back: 1 });
  });
  test('whose delete found nothing had lost its write', () => {
    assert.deepEqual(judged([set('k', 'a'), remove('k', 404)], {}), { ...clean, lost: 1 });
    assert.deepEqual(judged([set('k', 'a'), remove('k', 504), remove('k', 404)], {}), clean);
  });
});

describe('a counter', () => {
  test('is well between its acknowledged and its possible increments', () => {
    const history = [increment(200, 1), increment(504), increment(200, 3)];
    assert.deepEqual(judged(history, { counter: 3 }), { ...clean, unknownApplied: 1 });
  });
  test('below its acknowledged increments has lost the rest', () => {
    assert.deepEqual(judged([increment(200, 1), increment(200, 2)], { counter: 1 }), { ...clean, lost: 1 });
    assert.deepEqual(judged([increment(200, 1), increment(200, 2)], {}), { ...clean, lost: 2 });
  });
  test('beyond its possible increments ran one twice', () => {
    assert.deepEqual(judged([increment(200, 1), increment(503)], { counter: 2 }), { ...clean, back: 1 });
  });
  test('that gave one sum twice has lost an increment, also where an unknown one makes up for it', () => {
    const history = [increment(200, 1), increment(200, 2), increment(200, 2), increment(504)];
    assert.deepEqual(judged(history, { counter: 3 }), { ...clean, lost: 1 });
  });
});

test('of any history over any store that keeps what it acknowledges nothing is said to be lost, and each planted loss is', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    kind: fc.constantFrom('set', 'set', 'delete'),
    fate: fc.constantFrom('acknowledged', 'acknowledged', 'refused', 'unknown applied', 'unknown dropped'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const state = new Map<string, Reading>();
      const history = steps.map(({ key, kind, fate }, n) => {
        const there = state.has(key);
        if (fate === 'acknowledged' || fate === 'unknown applied') {
          if (kind === 'set') state.set(key, `v${n}`);
          else state.delete(key);
        }
        const answer = fate === 'refused' ? 503 : fate === 'acknowledged' ? 200 : 504;
        if (kind === 'set') return set(key, `v${n}`, answer);
        return remove(key, answer === 200 && !there ? 404 : answer);
      });
      const { lost, resurrected } = judge(history, state);
      assert.deepEqual([lost, resurrected], [[], []]);
      for (const [key, value] of state) {
        const own = history.filter((entry) => entry.key === key);
        const last = own.at(-1);
        // A delete under way may explain that a key is gone.
        const excused = own.some((entry) => entry.kind === 'delete' && outcomeOf(entry) === 'unknown');
        if (last?.value !== value || outcomeOf(last) !== 'acknowledged' || excused) continue;
        assert.equal(judge(history, new Map([...state].filter(([other]) => other !== key))).lost[0]?.key, key);
      }
    }),
  );
});
