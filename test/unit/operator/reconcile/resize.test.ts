import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  actualMemoryLimit,
  cannotResize,
  hasCpu,
  hasResources,
  noteRefusal,
  readRefusal,
  resizeState,
  resourceGrowth,
  sameResources,
  withDefaultRequests,
  withdrawing,
} from '../../../../operator/reconcile/resize.ts';
import { isRunning } from '../../../../operator/status/pod.ts';
import { pod, running } from '../objects.ts';

test('sizes are equal by value, not by how they are written', () => {
  const a = { requests: { memory: '1Gi' }, limits: { memory: '2Gi', cpu: '500m' } };
  assert.ok(sameResources(a, { requests: { memory: '1024Mi' }, limits: { memory: '2147483648', cpu: '0.5' } }));
  assert.ok(!sameResources(a, { requests: { memory: '1Gi' }, limits: { memory: '2Gi' } }), 'a limit more');
  assert.ok(!sameResources(a, undefined));
});

test('what a LimitRange added is no reason to resize, since it cannot be taken away', () => {
  const actual = { requests: { memory: '1Gi', cpu: '10m' }, limits: { memory: '2Gi', cpu: '500m' } };
  assert.ok(hasResources(actual, { requests: { memory: '1024Mi' }, limits: { memory: '2Gi' } }));
  assert.ok(!hasResources(actual, { requests: { memory: '1Gi' }, limits: { memory: '3Gi' } }));
  assert.ok(!hasResources({ limits: { memory: '2Gi' } }, { limits: { memory: '2Gi', cpu: '1' } }), 'a limit to add');
  assert.ok(!hasResources(undefined, { limits: { memory: '2Gi' } }));
});

test('a limit without a request is the request too, as the API server has it', () => {
  assert.deepEqual(withDefaultRequests({ requests: { memory: '1Gi' }, limits: { memory: '2Gi', cpu: '1' } }), {
    requests: { memory: '1Gi', cpu: '1' },
    limits: { memory: '2Gi', cpu: '1' },
  });
});

test('the limit that counts is the one that the kubelet reports', () => {
  const status = running();
  const [container] = status.containerStatuses ?? [];
  const told = { ...status, containerStatuses: [{ ...container, resources: { limits: { memory: '128Mi' } } }] };
  assert.equal(actualMemoryLimit(pod(told as typeof status)), 128 * 2 ** 20);
  assert.equal(actualMemoryLimit(pod(status)), Number.POSITIVE_INFINITY);
});

test('a container that an admission plugin added speaks for nobody', () => {
  const plain = running();
  const [redis] = plain.containerStatuses ?? [];
  assert.ok(redis);
  const sidecar = { ...redis, name: 'a-proxy', resources: { limits: { memory: '16Mi' } } };
  const limited = { ...redis, resources: { limits: { memory: '128Mi' } } };
  assert.equal(actualMemoryLimit(pod({ ...plain, containerStatuses: [sidecar, limited] })), 128 * 2 ** 20);
  const ended = { ...redis, state: { terminated: { exitCode: 137 } } };
  assert.ok(!isRunning(pod({ ...plain, containerStatuses: [sidecar, ended] })), 'Redis ended, the sidecar goes on');
});

test('a resize that waits is a step, one that can never be is a refusal with the way out', () => {
  const state = (reason: string) => {
    const conditions = [{ type: 'PodResizePending', status: 'True', reason, message: 'node too small' }];
    return resizeState(pod({ ...running(), conditions }));
  };
  assert.equal(state('Deferred').step?.reason, 'Resizing');
  assert.match(
    state('Infeasible').refusal?.message ?? '',
    /set spec\.enabled to false and to true again.*node too small/,
  );
  assert.deepEqual(resizeState(pod()), {});
});

const sized = (requests: Record<string, string>, limits: Record<string, string> = {}) => {
  const plain = pod();
  const containers = plain.spec.containers.map((container) => ({ ...container, resources: { requests, limits } }));
  return { ...plain, spec: { ...plain.spec, containers } };
};

test('processor time is there when the kubelet says so, give or take a step of its cgroup', () => {
  assert.ok(hasCpu(sized({ cpu: '100m' }), { request: '0.1' }));
  assert.ok(hasCpu(sized({ cpu: '20m' }), { request: '25m' }));
  assert.ok(!hasCpu(sized({ cpu: '100m' }), { request: '500m' }));
  assert.ok(!hasCpu(sized({ cpu: '100m' }), { limit: '1' }));
  assert.ok(!hasCpu(sized({ cpu: '100m' }, { cpu: '1' }), { limit: '1' }), 'the limit is the request too');
  assert.ok(hasCpu(sized({ cpu: '100m' }), {}));
});

test('a trial asks for what the new container needs beyond the old one, and never for less than nothing', () => {
  const size = { memory: 128 * 2 ** 20, cpu: { request: '250m' } };
  assert.deepEqual(resourceGrowth(sized({ cpu: '100m', memory: '128Mi' }), size, 'aof'), {
    cpu: '150m',
    memory: String(64 * 2 ** 20),
  });
  assert.deepEqual(resourceGrowth(sized({ cpu: '1', memory: '1Gi' }), size, 'aof'), { cpu: '0m', memory: '0' });
});

test('a refusal is read as it was noted, and what was written over it by hand is none', () => {
  const noted = (refusal: Parameters<typeof noteRefusal>[0]) => pod(running(), { annotations: noteRefusal(refusal) });
  assert.deepEqual(readRefusal(noted({ wanted: '{}', why: 'quota' })), { wanted: '{}', why: 'quota' });
  assert.ok(!cannotResize(noted({ wanted: '{}', why: 'quota' })));
  assert.ok(cannotResize(noted({ wanted: '{}', why: 'not found', never: true })));
  assert.ok(!cannotResize(pod(running(), { annotations: { 'cubby.dev/resize-refused': 'mine' } })));
});

test('processor time that no node gives is given up for the smallest, where none is wanted any more', () => {
  const wanted = { requests: { memory: '1Gi' } };
  assert.deepEqual(withdrawing({ requests: { cpu: '4k', memory: '1Gi' } }, wanted), {
    requests: { memory: '1Gi', cpu: '1m' },
  });
  assert.deepEqual(withdrawing({ requests: { memory: '1Gi' } }, wanted), wanted);
});
