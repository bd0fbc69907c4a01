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
  const inputs = { image: 'docker.io/library/redis:8.0', scheduling: {}, size: large };
  const annotations = { 'cubby.dev/restart-hash': restartHash(inputs) };
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
