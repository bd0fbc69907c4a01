import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJob } from '../../../../operator/reconcile/restore-job.ts';
import { jobDigest, type RestorePodOptions, restorePod } from '../../../../operator/resources/restore-pod.ts';
import type { Pod } from '../../../../operator/status/pod.ts';
import { store } from '../objects.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const data = { size: 9, storedSize: 9, sha256: 'ab', keys: 1, expiringKeys: 0, redisVersion: '8.0.2', rdbVersion: 12 };
const place = { target: { volume: { claimName: 'backups' } }, object: 'shop/main/nightly', encrypted: true };
const options = (changes: Partial<RestorePodOptions> = {}): RestorePodOptions => ({
  job: { verb: 'fetch', place },
  ordinal: 0,
  image: 'cubby:1',
  encryption: { secret: { name: 'keys', key: 'identity' } },
  redis: { image: 'redis:7.0', limits: { memory: '192Mi' } },
  scheduling: { nodeSelector: { disk: 'fast' } },
  attempt: 0,
  ...changes,
});

const terminated = (name: string, exitCode: number, message = '', reason = '') => ({
  name,
  ready: false,
  restartCount: 0,
  state: { terminated: { exitCode, message, reason } },
});
const ended = (result: unknown, exitCode = 0) => terminated('backup', exitCode, JSON.stringify(result));

function jobPod(status: NonNullable<Pod['status']>, of = options()): Pod {
  const manifest = restorePod(store(), of) as unknown as Pod;
  return { ...manifest, metadata: { ...manifest.metadata, creationTimestamp: '2026-01-01T11:59:00Z' }, status };
}
const read = (status: NonNullable<Pod['status']>, of = options()) => readJob(jobPod(status, of), jobDigest(of), NOW);
const ok = ended({ ok: true, data, seconds: 1 });

test("a backup is fetched when the program has verified it and the store's own Redis can read it", () => {
  assert.deepEqual(read({ phase: 'Pending', initContainerStatuses: [ok] }), { state: 'running' });
  const check = terminated('check', 0);
  const status = { phase: 'Succeeded', initContainerStatuses: [ok], containerStatuses: [check] };
  assert.deepEqual(read(status), { state: 'done', data });
});

test('a backup that the Redis cannot read is refused for good, in its own words', () => {
  const check = terminated('check', 1, "[offset 9] Can't handle RDB format version 12");
  const seen = read({ phase: 'Failed', initContainerStatuses: [ok], containerStatuses: [check] });
  assert.ok(seen.state === 'failed' && !seen.again);
  assert.match(seen.message, /spec.version.*Can't handle RDB format version 12/);
});

test('a check that ran out of memory, and a pod that its node ended, say nothing of the backup', () => {
  const killed = terminated('check', 137, '', 'OOMKilled');
  for (const status of [
    { phase: 'Failed', initContainerStatuses: [ok], containerStatuses: [killed] },
    { phase: 'Failed', reason: 'Evicted', message: 'low on memory' },
    { phase: 'Failed', initContainerStatuses: [terminated('backup', 137)] },
  ]) {
    const seen = read(status);
    assert.ok(seen.state === 'failed' && seen.again, JSON.stringify(status));
  }
});

test('the program says itself whether another try may help', () => {
  const result = { ok: false, reason: 'Corrupt', message: 'truncated' };
  const failed = { state: 'failed', reason: 'Corrupt', message: 'truncated' };
  const status = (exitCode: number) => ({ phase: 'Failed', initContainerStatuses: [ended(result, exitCode)] });
  assert.deepEqual(read(status(1)), { ...failed, again: false });
  assert.deepEqual(read(status(75)), { ...failed, again: true });
});

test('other jobs are done when the program is', () => {
  const swap = options({ job: { verb: 'swap' } });
  assert.deepEqual(read({ phase: 'Succeeded', containerStatuses: [ended({ ok: true, seconds: 1 })] }, swap), {
    state: 'done',
    data: undefined,
  });
});

test('a pod for another job, another try or another Redis is not taken for this one', () => {
  for (const of of [
    options({ attempt: 1 }),
    options({ job: { verb: 'fetch', place: { ...place, object: 'other' } } }),
    options({ redis: { image: 'redis:8.0', limits: {} } }),
  ])
    assert.deepEqual(readJob(jobPod({}, of), jobDigest(options()), NOW), { state: 'stale' });
  // Where the volume is may change without the job.
  assert.deepEqual(read({}, options({ node: 'node-2' })), { state: 'running' });
  assert.deepEqual(readJob(undefined, jobDigest(options()), NOW), { state: 'missing' });
});

test('an image that cannot be pulled is told', () => {
  const waiting = { waiting: { reason: 'ImagePullBackOff', message: 'not found' } };
  const status = { name: 'check', ready: false, restartCount: 0, state: waiting };
  assert.deepEqual(read({ phase: 'Pending', containerStatuses: [status] }), {
    state: 'running',
    trouble: 'ImagePullBackOff: not found',
  });
});

test('a fetch runs beside the Redis, checks with its image, and mounts Secrets by name alone', () => {
  const { spec, metadata } = restorePod(store(), options({ node: 'node-1' })) as unknown as {
    spec: {
      initContainers: { image: string; env: { value: string }[] }[];
      containers: { image: string; resources: unknown }[];
      volumes: { name: string; secret?: { secretName: string } }[];
      nodeSelector: unknown;
      affinity: unknown;
      automountServiceAccountToken: boolean;
    };
    metadata: { labels: Record<string, string> };
  };
  assert.deepEqual([spec.initContainers[0]?.image, spec.containers[0]?.image], ['cubby:1', 'redis:7.0']);
  assert.deepEqual(JSON.parse(spec.initContainers[0]?.env[0]?.value ?? ''), { verb: 'fetch', place });
  assert.deepEqual(
    spec.volumes.flatMap(({ secret }) => secret?.secretName ?? []),
    ['keys'],
  );
  assert.deepEqual(spec.volumes.map(({ name }) => name).includes('data'), true);
  assert.deepEqual(spec.nodeSelector, { disk: 'fast' });
  assert.match(JSON.stringify(spec.affinity), /node-1/);
  assert.equal(spec.automountServiceAccountToken, false);
  assert.notEqual(metadata.labels['app.kubernetes.io/component'], 'backup');
  assert.notEqual(metadata.labels['app.kubernetes.io/name'], 'redis');
});
