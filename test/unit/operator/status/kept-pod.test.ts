import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepPod } from '../../../../operator/status/kept-pod.ts';
import type { Pod } from '../../../../operator/status/pod.ts';
import { pod, running, waiting } from '../objects.ts';

const resources = { requests: { memory: '64Mi' } };
const container = { name: 'redis', image: 'redis', resources };
const condition = { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'why' };
const status = {
  name: 'redis',
  ready: false,
  started: true,
  restartCount: 2,
  resources,
  state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
  lastState: { terminated: { exitCode: 1, reason: 'Error', message: 'last words' } },
};
const whole: Pod = {
  ...pod(),
  metadata: { ...pod().metadata, labels: { a: 'b' }, annotations: { c: 'd' }, resourceVersion: '1' },
  spec: { nodeName: 'node-1', containers: [container] },
  status: {
    phase: 'Running',
    reason: 'Evicted',
    message: 'no room',
    podIP: '10.0.0.1',
    conditions: [condition],
    initContainerStatuses: [status],
    containerStatuses: [status],
  },
};

test('of a pod all is kept that the operator reads', () => {
  assert.deepEqual(keepPod(whole), whole);
  for (const one of [pod(), pod(running()), pod(waiting('ImagePullBackOff', 'none')), pod(undefined)])
    assert.deepEqual(JSON.parse(JSON.stringify(keepPod(one))), JSON.parse(JSON.stringify(one)));
});

test('the rest is not: volumes, environment, probes, tolerations, identities', () => {
  const { spec } = whole;
  const more = {
    ...whole,
    spec: {
      ...spec,
      volumes: [{ name: 'data' }],
      tolerations: [{ key: 'a' }],
      containers: [{ ...container, env: [{ name: 'A', value: 'b' }], readinessProbe: {} } as typeof container],
    },
    status: {
      ...whole.status,
      qosClass: 'Burstable',
      containerStatuses: [{ ...status, containerID: 'containerd://a' } as typeof status],
    },
  } as Pod;
  assert.deepEqual(keepPod(more), whole);
});
