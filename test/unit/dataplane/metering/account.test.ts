import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Model } from './model.ts';

type Action = (model: Model) => void;

const who = fc.nat(3);
const amount = fc.nat(40);
// A step is what happens and how often it does: exchanges mostly go well, and replicas mostly live on.
const step = <T>(weight: number, of: fc.Arbitrary<T>, run: (model: Model, of: T) => void) => ({
  weight,
  arbitrary: of.map(
    (value): Action =>
      (model) =>
        run(model, value),
  ),
});
const reserve = step(8, fc.tuple(who, amount), (model, [i, price]) => model.reserve(i, price));
const overdraw = step(4, fc.tuple(who, amount), (model, [i, price]) => model.reserve(i, price, 30));
const settle = step(8, fc.tuple(who, amount), (model, [i, ran]) => model.settle(i, ran));
const exchange = step(6, fc.tuple(who, fc.nat(100), fc.nat(20)), (model, [i, target, need]) =>
  model.exchange(i, target, need),
);
const lose = step(
  2,
  fc.tuple(who, fc.nat(100), fc.constantFrom('ask' as const, 'answer' as const)),
  (model, [i, target, lost]) => model.exchange(i, target, 10, lost),
);
const crash = step(1, who, (model, i) => model.crash(i));

/** Runs actions in order; `check` is to hold after each of them. */
function explore(actions: ReturnType<typeof step>[], check: (model: Model) => void, end: (model: Model) => void): void {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 500 }),
      fc.array(fc.oneof(...actions), { minLength: 20, maxLength: 120, size: 'max' }),
      (replicas, budget, steps) => {
        const model = new Model(replicas, budget);
        for (const step of steps) {
          step(model);
          check(model);
        }
        model.end();
        check(model);
        end(model);
      },
    ),
    { numRuns: 1000 },
  );
}

test('whatever is lost and whoever ends, charges and calls under way never pass the budget', () => {
  explore(
    [reserve, settle, exchange, lose, crash],
    (model) => assert.ok(model.charged + model.open <= model.budget, `${model.charged} of ${model.budget}`),
    () => {},
  );
});

test('once all have settled the ledger has counted every charge once, and all the rest is to be had again', () => {
  explore(
    [reserve, overdraw, settle, exchange, lose],
    () => {},
    (model) => {
      assert.equal(model.record.spent.charged, model.charged);
      assert.ok(Object.values(model.record.holders).every(({ lease }) => lease === 0));
    },
  );
});

test('a replica that ends without a word takes no more with it than its lease', () => {
  explore(
    [reserve, settle, exchange, lose, crash],
    () => {},
    (model) => {
      const uncounted = model.charged - model.record.spent.charged;
      assert.ok(uncounted >= 0 && uncounted <= model.strandedLeases, `${uncounted} of ${model.strandedLeases}`);
    },
  );
});

test('with the ledger away a replica charges no more beyond its lease than the overdraft', () => {
  explore(
    [reserve, overdraw, settle, exchange, lose, crash],
    (model) => {
      for (const { tab } of model.replicas) assert.ok(tab.overdraft <= 30, String(tab.overdraft));
    },
    (model) => assert.ok(model.replicas.every(({ tab }) => tab.overdraft === 0)),
  );
});
