import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accept } from '../../../../operator/reconcile/accept.ts';
import type { Observed } from '../../../../operator/reconcile/observe.ts';
import { restartHash } from '../../../../operator/resources/plan.ts';
import { observed, plan, pod, redis, running, store, waiting } from '../objects.ts';

const created = Date.parse('2026-01-01T00:00:00Z');
const [old, wanted] = ['docker.io/library/redis:8.0', 'mine:1'];
const annotations = { 'cubby.dev/restart-hash': restartHash({ image: wanted, scheduling: {} }) };
const crashing = pod(waiting('CrashLoopBackOff'), { annotations });

/** A store whose Redis was just restarted with another image, and does not come up. */
const rolled: Partial<Observed> = {
  store: store({ image: wanted }, { version: '8.0.2' }),
  accepted: { ...plan().accepted, image: wanted, previous: { image: old, scheduling: {}, catalogueVersion: '8.0' } },
  pod: crashing,
  redis: undefined,
};
const decide = (changes: Partial<Observed>, seconds = 120) =>
  accept(observed({ ...rolled, ...changes }), { versions: { '8.0': old } }, new Date(created + seconds * 1000));
const reasons = ({ refusals }: ReturnType<typeof decide>) => refusals.map(({ reason }) => reason);

test('a Redis that does not start with the new image comes back with the old one', () => {
  const back = decide({});
  assert.equal(back.accepted?.image, old);
  assert.equal(back.catalogueVersion, '8.0');
  assert.deepEqual(reasons(back), ['RolledBack']);
});

test('what did not start is not tried again, until spec changes', () => {
  const { accepted } = decide({});
  const after = { accepted, pod: pod(running()), redis: redis() };
  assert.deepEqual(reasons(decide(after)), ['RolledBack']);
  assert.equal(decide(after).accepted?.image, old);
  const corrected = decide({ ...after, store: store({ version: '8.0' }, { version: '8.0.2' }) });
  assert.deepEqual(reasons(corrected), []);
  assert.equal(corrected.accepted?.rejected, undefined);
});

test('it is given a minute, and only what image or scheduling can cause counts', () => {
  assert.equal(decide({}, 59).accepted?.image, wanted);
  const unlucky = pod({ phase: 'Failed', reason: 'Evicted' }, { annotations });
  assert.equal(decide({ pod: unlucky }).accepted?.image, wanted);
  assert.equal(decide({ pod: pod(waiting('ContainerCreating'), { annotations }) }).accepted?.image, wanted);
});

test('once the new Redis has answered there is no way back: it may have written', () => {
  const answered = decide({ pod: pod(running(), { annotations }), redis: redis() });
  assert.equal(answered.accepted?.previous, undefined);
  const later = decide({ accepted: answered.accepted });
  assert.equal(later.accepted?.image, wanted);
  assert.deepEqual(reasons(later), []);
});

test('the old pod, still there, says nothing of the new image', () => {
  const oldPod = pod(waiting('CrashLoopBackOff'));
  assert.equal(decide({ pod: oldPod }).accepted?.image, wanted);
});

test('a restart remembers what ran before, and a store that never ran has nothing to go back to', () => {
  const passed = {
    containerStatuses: [
      {
        name: 'preflight',
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode: 0, message: 'Redis server v=8.0.3' } },
      },
    ],
  };
  const trying = { accepted: plan().accepted, pod: pod(), redis: redis(), preflight: pod(passed, { annotations }) };
  const { memory } = plan().accepted;
  assert.deepEqual(decide(trying).accepted?.previous, { image: old, scheduling: {}, memory, catalogueVersion: '8.0' });
  const never = decide({ ...trying, store: store({ image: wanted }), pod: undefined, redis: undefined });
  assert.equal(never.accepted?.previous, undefined);
});

test('a Redis that reads its data has not answered: it may fail to', () => {
  const loading = decide({ pod: pod(running(), { annotations }), redis: redis({ loading: true }) });
  assert.ok(loading.accepted?.previous);
});

test('a process that is no Redis, for nothing ever listens, is given three minutes', () => {
  const silent = pod(running(), { annotations });
  const refused = { failure: 'connect ECONNREFUSED', down: true };
  assert.deepEqual(reasons(decide({ pod: silent, redis: refused }, 179)), []);
  assert.deepEqual(reasons(decide({ pod: silent, redis: refused }, 181)), ['RolledBack']);
  assert.deepEqual(
    reasons(decide({ pod: silent, redis: { failure: 'timeout', down: false } }, 999)),
    [],
    'a policy of the network says nothing of the image',
  );
});
