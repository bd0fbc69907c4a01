import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accept } from '../../../../operator/reconcile/accept.ts';
import type { Observed } from '../../../../operator/reconcile/observe.ts';
import { noteRefusal } from '../../../../operator/reconcile/resize.ts';
import { restartHash, type Size } from '../../../../operator/resources/plan.ts';
import { redisResources } from '../../../../operator/resources/pod-template.ts';
import type { Pod } from '../../../../operator/status/pod.ts';
import { observed, plan, pod, running, store, waiting } from '../objects.ts';

const MIB = 2 ** 20;
const now = new Date('2026-01-02T00:00:00Z');
const has = { version: '8.0.2' };
const large: Size = { memory: 128 * MIB, cpu: {} };
const decide = (changes: Partial<Observed>) =>
  accept(observed(changes), { versions: { '8.0': 'docker.io/library/redis:8.0' } }, now);

/** A pod whose container has that size. */
function podOf(size: Size, status: Pod['status'] = running(), annotations: Record<string, string> = {}): Pod {
  const plain = pod(status, { annotations });
  const resources = redisResources(size, 'aof');
  return { ...plain, spec: { ...plain.spec, containers: plain.spec.containers.map((c) => ({ ...c, resources })) } };
}

/** The annotation of a pod that was made with that size for a reason. */
const hashOf = (size: Size) => ({
  'cubby.dev/restart-hash': restartHash({ image: 'docker.io/library/redis:8.0', scheduling: {}, size }),
});

const small: Size = { memory: 64 * MIB, cpu: {} };
const grown = store({ memory: '128Mi' }, has);

test('a larger size is asked of the running container, and taken over when it has it', () => {
  const asking = decide({ store: grown, pod: podOf(small) });
  assert.equal(asking.accepted?.memory, 64 * MIB);
  assert.deepEqual(asking.asked, large);
  const done = decide({ store: grown, pod: podOf(large) });
  assert.equal(done.accepted?.memory, 128 * MIB);
  assert.equal(done.asked, undefined);
});

test('while the pod is being made anew it starts with the size that it had', () => {
  for (const gone of [undefined, podOf(small, waiting('ContainerCreating'))]) {
    const { accepted, asked } = decide({ store: grown, pod: gone, redis: undefined });
    assert.deepEqual([accepted?.memory, asked], [64 * MIB, undefined]);
  }
});

test('a larger size is taken over at once where there is no Redis that it could cost its place', () => {
  const memory = (changes: Partial<Observed>) => decide({ redis: undefined, ...changes }).accepted?.memory;
  assert.equal(memory({ store: store({ memory: '128Mi' }), pod: undefined }), 128 * MIB, 'it never ran');
  assert.equal(memory({ store: store({ memory: '128Mi', enabled: false }, has), pod: undefined }), 128 * MIB);
  assert.equal(memory({ store: grown, pod: podOf(small, waiting('CrashLoopBackOff')) }), 128 * MIB, 'for lack of it');
});

test('a smaller size is taken over at once', () => {
  const { accepted, asked } = decide({ store: store({ memory: '32Mi' }, has), pod: podOf(small) });
  assert.deepEqual([accepted?.memory, asked], [32 * MIB, undefined]);
});

test('more processor time is asked for first as well, and memory that is there does not wait for it', () => {
  const cpu = { request: '4000' };
  const { accepted, asked } = decide({
    store: store({ memory: '128Mi', resources: { cpu } }, has),
    pod: podOf(large),
  });
  assert.deepEqual([accepted?.memory, accepted?.cpu], [128 * MIB, undefined]);
  assert.deepEqual(asked, { memory: 128 * MIB, cpu });
});

test('a limit that is removed, and any size in a cluster that cannot resize, wait for a trial of a new container', () => {
  const limited: Size = { memory: 64 * MIB, cpu: { limit: '500m' } };
  const accepted = { ...plan().accepted, cpu: limited.cpu };
  const unlimited = decide({ store: store({}, has), accepted, pod: podOf(limited) });
  const old = podOf(small, running(), noteRefusal({ wanted: '{}', why: 'not found', never: true }));
  const larger = decide({ store: grown, pod: old });
  for (const { preflight, asked, steps } of [unlimited, larger]) {
    assert.equal(asked, undefined);
    assert.deepEqual(
      steps.map(({ reason }) => reason),
      ['Checking'],
    );
    assert.ok(typeof preflight === 'object' && preflight.node === 'node-1' && preflight.size);
  }
  assert.deepEqual(unlimited.accepted?.cpu, { limit: '500m' });
  assert.equal(larger.accepted?.memory, 64 * MIB);
  assert.deepEqual(typeof larger.preflight === 'object' && larger.preflight.growth?.memory, String(64 * MIB));
});

test('what the trial has shown to fit is taken over with a restart, and stays as it is afterwards', () => {
  const annotations = hashOf(large);
  const terminated = { exitCode: 0, message: 'Redis server v=8.0.2 sha=0:0' };
  const preflight = pod(
    {
      phase: 'Succeeded',
      containerStatuses: [{ name: 'preflight', ready: false, restartCount: 0, state: { terminated } }],
    },
    { annotations },
  );
  const old = podOf(small, running(), noteRefusal({ wanted: '{}', why: 'not found', never: true }));
  const { accepted } = decide({ store: grown, pod: old, preflight });
  assert.ok(accepted);
  assert.deepEqual([accepted.memory, accepted.size], [128 * MIB, large]);
  assert.notEqual(restartHash(accepted), restartHash(plan().accepted), 'the pod is to be replaced');
  const after = decide({ store: grown, accepted, pod: podOf(large, running(), annotations) });
  assert.equal(after.accepted && restartHash(after.accepted), restartHash(accepted));
  assert.equal(after.preflight, 'none');
});

test('a store that no node takes is helped by less processor time, as by less memory', () => {
  const cpu = { request: '4' };
  const accepted = { ...plan().accepted, cpu };
  const lowered = store({ resources: { cpu: { request: '1' } } }, has);
  const pending = podOf({ memory: 64 * MIB, cpu }, { phase: 'Pending' });
  for (const waits of [pending, undefined]) {
    const decided = decide({ store: lowered, accepted, pod: waits, redis: undefined });
    assert.deepEqual(decided.accepted?.cpu, { request: '1' });
    const removed = decide({ store: store({}, has), accepted, pod: waits, redis: undefined });
    assert.equal(removed.accepted?.cpu, undefined);
  }
  const limited = store({ resources: { cpu: { request: '1', limit: '8' } } }, has);
  const more = decide({ store: limited, accepted: { ...accepted, cpu: { request: '4', limit: '4' } }, pod: undefined });
  assert.deepEqual(more.accepted?.cpu, { request: '4', limit: '4' }, 'a quota may refuse the larger limit');
});

test('a size that a trial once let through is asked of the running container when it is wanted again', () => {
  const accepted = { ...plan().accepted, size: large };
  const { accepted: next, asked } = decide({ store: grown, accepted, pod: podOf(small, running(), hashOf(large)) });
  assert.deepEqual([next?.memory, asked], [64 * MIB, large]);
});

test('a new container that no node takes gives its size up with the way back', () => {
  const trying = {
    ...plan().accepted,
    memory: large.memory,
    size: large,
    previous: { image: plan().accepted.image, scheduling: {}, memory: 64 * MIB },
  };
  const unschedulable: Pod['status'] = {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no room' }],
  };
  const stuck = podOf(large, unschedulable, hashOf(large));
  const back = decide({ store: grown, accepted: trying, pod: stuck, redis: undefined });
  assert.deepEqual([back.accepted?.memory, back.refusals.map(({ reason }) => reason)], [64 * MIB, ['RolledBack']]);
  const after = decide({ store: grown, accepted: back.accepted, pod: podOf(small) });
  assert.deepEqual([after.accepted?.memory, after.asked], [64 * MIB, large], 'it may still be had in place');
  const never = noteRefusal({ wanted: '{}', why: 'not found', never: true });
  const again = decide({ store: grown, accepted: after.accepted, pod: podOf(small, running(), never) });
  assert.deepEqual([again.preflight, again.refusals.map(({ reason }) => reason)], ['none', ['RolledBack']]);
  const had = decide({ store: store({}, has), accepted: after.accepted, pod: podOf(small) });
  assert.equal(had.accepted?.rejected, undefined, 'spec was corrected');
});
