import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition } from '../../../../contract/objects.ts';
import { tellTransitions } from '../../../../operator/reconcile/transitions.ts';

const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: `${reason}.`,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const told = (before: Condition[], after: Condition[]) =>
  tellTransitions(before, after).map(({ type, reason }) => `${type} ${reason}`);

test('what stays the same is not told again, whatever its message', () => {
  const state = [condition('Ready', 'True', 'Serving'), condition('Degraded', 'True', 'ImageUnavailable')];
  assert.deepEqual(
    told(
      state,
      state.map((entry) => ({ ...entry, message: 'other' })),
    ),
    [],
  );
});

test('each change that matters is told once, troubles as warnings', () => {
  const none: Condition[] = [];
  assert.deepEqual(
    told(none, [condition('Ready', 'False', 'NotReady'), condition('Degraded', 'False', 'AsExpected')]),
    [],
  );
  assert.deepEqual(told(none, [condition('Ready', 'True', 'Serving')]), ['Normal Ready']);
  assert.deepEqual(told(none, [condition('Progressing', 'True', 'Restarting')]), ['Normal Restarting']);
  assert.deepEqual(told(none, [condition('Degraded', 'True', 'CrashLooping')]), ['Warning CrashLooping']);
  const sick = [condition('Degraded', 'True', 'CrashLooping')];
  assert.deepEqual(told(sick, [condition('Degraded', 'True', 'ImageUnavailable')]), ['Warning ImageUnavailable']);
  assert.deepEqual(told(sick, [condition('Degraded', 'False', 'AsExpected')]), ['Normal Recovered']);
});

test('hibernation and waking are told', () => {
  const awake = [condition('Ready', 'True', 'Serving')];
  const asleep = [condition('Ready', 'False', 'Hibernated')];
  assert.deepEqual(told(awake, asleep), ['Normal Hibernated']);
  assert.deepEqual(told(asleep, [condition('Ready', 'False', 'NotReady')]), ['Normal Woken']);
});
