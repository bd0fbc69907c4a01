import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition } from '../../../../contract/objects.ts';
import type { KubeClient } from '../../../../kube/client.ts';
import { createEventRecorder } from '../../../../kube/events.ts';
import { kvStores } from '../../../../operator/reconcile/kinds.ts';
import { reportStatus } from '../../../../operator/reconcile/report.ts';
import { createFakeClock } from '../../kube/fake-clock.ts';
import { store } from '../objects.ts';

const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: `${reason}, in words.`,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const well = [condition('Ready', 'True', 'Serving'), condition('Degraded', 'False', 'AsExpected')];
const sick = [condition('Ready', 'False', 'Unavailable'), condition('Degraded', 'True', 'CrashLooping')];

/** A store whose status is reported again and again, and what of that is written as Events. */
function setUp() {
  const clock = createFakeClock();
  const events = { created: [] as string[], raised: 0 };
  const client = {
    create: async (_: unknown, object: object) => void events.created.push((object as { reason: string }).reason),
    async patch(_: unknown, __: unknown, ___: unknown, { subresource }: { subresource?: string }) {
      if (subresource === undefined) events.raised++;
    },
  } as unknown as KubeClient;
  const recorder = createEventRecorder({ client, component: 'tester', clock });
  const object = store();
  const report = async (conditions: Condition[]) => {
    await reportStatus({ client, events: recorder }, kvStores, object, { conditions }, AbortSignal.timeout(10_000));
    await recorder.flush();
  };
  return { clock, events, report };
}

test('what happens once is an Event once, however often it is reported', async () => {
  const { events, report } = setUp();
  for (const state of [well, sick, well]) for (let again = 0; again < 100; again++) await report(state);
  assert.deepEqual(events, { created: ['Ready', 'CrashLooping', 'Recovered'], raised: 1 });
});

test('a condition that flaps for an hour makes few Events, and few writes to raise their counts', async () => {
  const { clock, events, report } = setUp();
  for (let second = 0; second < 3600; second++) {
    await report(second % 2 === 0 ? well : sick);
    await clock.advance(1000);
  }
  assert.deepEqual(events.created, ['Ready', 'CrashLooping', 'Recovered']);
  assert.ok(events.raised < 25 + 60, `${events.raised} counts were raised in an hour`);
  assert.ok(events.raised > 25, 'the counts go on rising');
});
