import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  begin,
  isGoingOn,
  isSettled,
  record,
  type Step,
  stepOf,
} from '../../../dashboard/src/pages/settings/change.ts';
import { amountOf, isSameMemory, memoryOf } from '../../../dashboard/src/pages/settings/memory.ts';
import type { Condition, StoreStatus } from '../../../sdk/src/index.ts';

const condition = (type: string, status: Condition['status'], reason: string, message = reason): Condition => ({
  type,
  status,
  reason,
  message,
  last_transition_time: '2026-11-22T12:00:00Z',
});

const READY: StoreStatus = {
  enabled: true,
  healthy: true,
  version: '8.0.2',
  docker_image: 'redis:8.0',
  project_id: 'p',
  phase: 'Ready',
  max_memory: '64mb',
  used_memory: 1,
  persistence: true,
  keys: 0,
  namespace: 'n',
  name: 's',
  manageable: true,
  reads: 'primary',
  topology: { mode: 'Standalone', members: 1 },
  members: [],
  restore: null,
  plan: null,
  limits: null,
  conditions: [condition('Ready', 'True', 'Serving'), condition('Progressing', 'False', 'Settled')],
  requested: { version: '8.0', docker_image: null, max_memory: '64mb', persistence: true, enabled: true },
};
const progressing = (reason: string): StoreStatus => ({
  ...READY,
  phase: 'Progressing',
  conditions: [condition('Progressing', 'True', reason, `${reason} …`)],
});
const titles = (steps: readonly Step[]) => steps.map(({ title, state }) => `${title}: ${state}`);

test('a store is settled when nothing goes on and it runs or is stopped as it should', () => {
  const asleep = { ...READY, enabled: false, phase: 'Hibernated' as const };
  const off = READY.requested && { ...READY.requested, enabled: false };
  assert.equal(isSettled(READY), true);
  assert.equal(isSettled(progressing('Checking')), false);
  assert.equal(isSettled({ ...READY, phase: 'Pending' }), false);
  // It was asked to wake, or to stop, and is not yet.
  assert.equal(isSettled({ ...asleep, requested: READY.requested }), false);
  assert.equal(isSettled({ ...READY, requested: off }), false);
  assert.equal(isSettled({ ...asleep, requested: off }), true);
  // Degraded, and at work on it.
  assert.equal(isSettled({ ...progressing('Restarting'), phase: 'Degraded' }), false);
  assert.equal(isSettled({ ...READY, phase: 'Degraded' }), true);
});

test('a change is told step by step, each once, from when it was asked for to Ready', () => {
  let steps = begin('Redis 8.0.', 0);
  const seen = [
    progressing('Checking'),
    progressing('Checking'),
    progressing('Saving'),
    progressing('Restarting'),
    READY,
    READY,
  ];
  for (const [at, status] of seen.entries()) steps = record(steps, status, at);
  assert.deepEqual(titles(steps), [
    'Asked: done',
    'Trying the new version beside the old one: done',
    'Saving the data: done',
    'Restarting Redis: done',
    'Ready: good',
  ]);
});

test('a change that is rolled back, or not taken over, ends with the reason', () => {
  for (const [reason, title] of [
    ['RolledBack', 'Rolled back'],
    ['DowngradeRefused', 'Not taken over'],
  ] as const) {
    const status = { ...READY, conditions: [condition('SpecAccepted', 'False', reason, 'because')] };
    assert.deepEqual(stepOf(status, 1), { at: 1, title, detail: 'because', state: 'bad' });
  }
});

test('a settled store has nothing to tell, what is over stays, and what others begin is told anew', () => {
  assert.deepEqual(record([], READY, 0), []);
  const over = record(begin('x', 0), READY, 1);
  assert.equal(record(over, READY, 2), over);
  assert.deepEqual(titles(record(over, progressing('Resizing'), 3)), ['Resizing the container: running']);
});

test('memory is shown in whole units and read back as it was meant', () => {
  assert.deepEqual(amountOf('256mb'), { text: '256', unit: 'mb' });
  assert.deepEqual(amountOf('2gb'), { text: '2', unit: 'gb' });
  assert.deepEqual(amountOf('1536mb'), { text: '1536', unit: 'mb' });
  assert.equal(memoryOf({ text: ' 2 ', unit: 'gb' }), '2gb');
  for (const text of ['', '0', '-1', '1.5', 'x']) assert.equal(memoryOf({ text, unit: 'mb' }), undefined, text);
  assert.equal(isSameMemory('1024mb', '1gb'), true);
});

test('a status of a replica that has not learned of what was asked for does not end the change', () => {
  const off = READY.requested && { ...READY.requested, enabled: false };
  const asleep = { ...READY, enabled: false, phase: 'Hibernated' as const, requested: off };
  const asked = begin('To stop.', 1000, READY.requested);
  assert.deepEqual(record(asked, READY, 2000), asked);
  assert.equal(isGoingOn(asked), true);
  const stopped = record(record(asked, READY, 2000), asleep, 3000);
  assert.deepEqual(titles(stopped), ['Asked: done', 'Stopped: good']);
  assert.equal(isGoingOn(stopped), false);
  // Nothing comes of it: the store is as it was, whoever changed it back.
  assert.deepEqual(titles(record(asked, READY, 6000)), ['Asked: done', 'Ready: good']);
});
