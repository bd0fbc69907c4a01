import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../../../../cli/commands/follow.ts';
import { condition, storeWith } from '../objects.ts';

const accepted = condition('SpecAccepted', 'True');
const settled = condition('Progressing', 'False', 'Settled');
const ready = condition('Ready', 'True', 'Serving');

test('a change is done once the operator saw it, has nothing left to do and Redis answers', () => {
  assert.deepEqual(judge(storeWith([ready, settled, accepted]), 'ready'), { state: 'done' });
});

test('a change that the operator has not seen is under way, whatever the status says of the spec before', () => {
  const store = storeWith([ready, settled, accepted], { observedGeneration: 0 });
  assert.equal(judge(store, 'ready').state, 'under way');
});

test('what the operator is at is told, before anything that stands against it', () => {
  const saving = condition('Progressing', 'True', 'Saving', 'Redis saves its data');
  const refused = condition('SpecAccepted', 'False', 'VersionUnknown');
  assert.deepEqual(judge(storeWith([ready, saving, refused]), 'ready'), {
    state: 'under way',
    step: 'Saving: Redis saves its data',
  });
});

test('a refused part of spec ends it, though the old Redis answers', () => {
  const store = storeWith([ready, settled, condition('SpecAccepted', 'False', 'RolledBack', 'did not start')]);
  assert.deepEqual(judge(store, 'ready'), { state: 'refused', message: 'RolledBack: did not start' });
});

test('a store that needs attention and does not answer is not waited for', () => {
  const store = storeWith([
    condition('Ready', 'False', 'Unavailable'),
    settled,
    accepted,
    condition('Degraded', 'True', 'CrashLooping', 'Redis ends again and again'),
  ]);
  assert.equal(judge(store, 'ready').state, 'refused');
});

test('a store is stopped when its phase says so, and not before', () => {
  const stopped = condition('Ready', 'False', 'Hibernated');
  assert.equal(
    judge(storeWith([stopped, settled, accepted], { phase: 'Progressing' }), 'hibernated').state,
    'under way',
  );
  assert.equal(judge(storeWith([stopped, settled, accepted], { phase: 'Hibernated' }), 'hibernated').state, 'done');
});

test('a store that the operator leaves alone is not waited for', () => {
  assert.equal(judge(storeWith([ready, condition('Paused', 'True')]), 'ready').state, 'refused');
});

test('a new store without any condition is under way', () => {
  assert.deepEqual(judge(storeWith([]), 'ready'), { state: 'under way', step: 'waiting for the operator' });
});

test('a restore is done when another one than before is complete, and not while Redis only answers', () => {
  const after = (phase: 'Loading' | 'Completed', finishedAt: string) => {
    const store = storeWith([ready, settled, accepted]);
    store.status = { ...store.status, restore: { from: 'same', phase, finishedAt } };
    return judge(store, { restore: { after: 'first' } }).state;
  };
  assert.equal(judge(storeWith([ready, settled, accepted]), { restore: { after: undefined } }).state, 'under way');
  assert.equal(after('Loading', 'second'), 'under way');
  assert.equal(after('Completed', 'first'), 'under way');
  assert.equal(after('Completed', 'second'), 'done');
});
