import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../../../operator/status/pod.ts';
import { eventTrouble, podTrouble } from '../../../../operator/status/pod-trouble.ts';
import { pod, running, waiting } from '../objects.ts';

const created = '2026-01-01T00:00:00Z';
const at = (seconds: number) => new Date(Date.parse(created) + seconds * 1000);
const unschedulable: Pod['status'] = {
  phase: 'Pending',
  conditions: [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes: Insufficient memory' },
  ],
};
const crashed = (
  reason: string,
  exitCode: number,
  {
    state = { waiting: { reason: 'CrashLoopBackOff' } },
    restartCount = 3,
    ready = false,
  }: Partial<NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]> = {},
): Pod['status'] => ({
  containerStatuses: [
    {
      name: 'redis',
      ready,
      restartCount,
      state,
      lastState: { terminated: { reason, exitCode } },
    },
  ],
});

const table: [string, Pod['status'], string | undefined, RegExp?][] = [
  ['a pod that runs', running(), undefined],
  ['a pod that is being made', waiting('ContainerCreating'), undefined],
  [
    'an image that is not there',
    waiting('ErrImagePull', 'not found'),
    'ImageUnavailable',
    /redis:8\.0 cannot be pulled; correct spec\.image.*not found/,
  ],
  ['an image name that is none', waiting('InvalidImageName'), 'ImageUnavailable', /InvalidImageName/],
  [
    'a crash',
    crashed('Error', 1),
    'CrashLooping',
    /exit code 1; see why with: kubectl logs -n shop main-redis-0 --previous/,
  ],
  ['too little memory', crashed('OOMKilled', 137), 'CrashLooping', /raise spec\.memory/],
  ['a try between two crashes', crashed('Error', 1, { state: { running: {} } }), 'CrashLooping', /exit code 1/],
  ['a restart after one crash', crashed('Error', 1, { state: { running: {} }, restartCount: 1 }), undefined],
  ['a restart that came to be ready', crashed('Error', 1, { state: { running: {} }, ready: true }), undefined],
  ['a restart after a good end', crashed('Completed', 0, { state: { running: {} } }), undefined],
  [
    'a container that cannot be made',
    waiting('CreateContainerConfigError', 'secret not found'),
    'StartFailed',
    /secret not found/,
  ],
  [
    'an eviction',
    { phase: 'Failed', reason: 'Evicted', message: 'low on memory' },
    'PodFailed',
    /Evicted.*low on memory/,
  ],
  ['no node', unschedulable, 'Unschedulable', /Insufficient memory/],
];

for (const [what, status, reason, message] of table) {
  test(`${what} is ${reason ?? 'no trouble'}`, () => {
    const trouble = podTrouble(pod(status), at(60));
    assert.equal(trouble?.reason, reason);
    if (message) assert.match(trouble?.message ?? '', message);
  });
}

test('a Redis that ended on a full volume is told as such until it has run for a minute', () => {
  const message = '# Error writing to the AOF file: No space left on device';
  const ended = (startedAt: string | undefined) =>
    pod({
      containerStatuses: [
        {
          name: 'redis',
          ready: true,
          restartCount: 1,
          state: startedAt ? { running: { startedAt } } : { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { exitCode: 1, message } },
        },
      ],
    });
  assert.equal(podTrouble(ended(undefined), at(60))?.reason, 'VolumeFull');
  assert.equal(podTrouble(ended(created), at(59))?.reason, 'VolumeFull');
  assert.equal(podTrouble(ended(created), at(61)), undefined);
});

test('trying to pull and backing off are told in the same words', () => {
  const cause = 'failed to resolve reference';
  const backingOff = waiting('ImagePullBackOff', `Back-off pulling image "redis:8.0": ErrImagePull: ${cause}`);
  assert.deepEqual(podTrouble(pod(backingOff), at(60)), podTrouble(pod(waiting('ErrImagePull', cause)), at(60)));
});

test('a pod that waits for a node is no trouble in its first seconds', () => {
  assert.equal(podTrouble(pod(unschedulable), at(2)), undefined);
});

test('the newest Event that tells of trouble counts, and a success after it ends it', () => {
  const refused = { reason: 'FailedCreate', message: 'exceeded quota' };
  const probe = { reason: 'Unhealthy', message: 'probe failed' };
  assert.match(eventTrouble([refused, probe])?.message ?? '', /raise the quota.*exceeded quota/);
  assert.equal(eventTrouble([refused, { reason: 'SuccessfulCreate', message: '' }]), undefined);
  assert.equal(eventTrouble([refused, { reason: 'FailedMount', message: 'timed out' }])?.reason, 'VolumeUnavailable');
  assert.equal(eventTrouble([{ reason: 'constructor', message: '' }]), undefined);
  assert.equal(eventTrouble([]), undefined);
});
