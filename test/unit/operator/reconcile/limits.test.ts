import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveLimits } from '../../../../operator/reconcile/limits.ts';
import type { StoreLimits } from '../../../../operator/status/store-facts.ts';
import { store } from '../objects.ts';

const plans = {
  free: { requestsPerSecond: 20, burst: 40, tokensPerMonth: '0.5' },
  metered: { tokensPerMonth: '10' },
};
const limitsOf = (plan: string | undefined, limits?: StoreLimits, before?: StoreLimits) =>
  resolveLimits(store({ ...(plan && { plan }), ...(limits && { limits }) }, before && { limits: before }), plans);

const cases: [string, StoreLimits | undefined, StoreLimits | undefined, string | undefined][] = [
  ['nothing said is nothing limited', undefined, undefined, undefined],
  ['limits alone', { tokensPerMonth: '1' }, { tokensPerMonth: '1' }, undefined],
  ['a plan alone', undefined, plans.free, 'free'],
  [
    'a limit goes before the same one of the plan, and no other',
    { requestsPerSecond: 5 },
    { requestsPerSecond: 5, burst: 40, tokensPerMonth: '0.5' },
    'free',
  ],
  ['a burst without a rate says nothing', { burst: 7 }, { tokensPerMonth: '10' }, 'metered'],
];
for (const [name, limits, expected, plan] of cases) {
  test(name, () => assert.deepEqual(limitsOf(plan, limits), { limits: expected, refusals: [] }));
}

test('what was in force before has no part in it while the plan is known', () => {
  assert.equal(limitsOf(undefined, undefined, { requestsPerSecond: 1 }).limits, undefined);
});

test('under an unknown plan the limits stay as they were, and the message names those that exist', () => {
  const before = { requestsPerSecond: 20 };
  const { limits, refusals } = limitsOf('gold', { requestsPerSecond: 999 }, before);
  assert.deepEqual(limits, before);
  assert.equal(refusals[0]?.reason, 'PlanUnknown');
  assert.match(`${refusals[0]?.message}`, /"gold" is not a plan .* use one of free, metered\./);
});

test('under an unknown plan a store that never had limits gets those that it names itself', () => {
  assert.deepEqual(limitsOf('gold', { requestsPerSecond: 3 }).limits, { requestsPerSecond: 3 });
});

test('a plan called as a member of every object is unknown', () => {
  const { refusals } = resolveLimits(store({ plan: 'constructor' }), {});
  assert.match(`${refusals[0]?.message}`, /this installation has none, so use spec.limits alone/);
});
