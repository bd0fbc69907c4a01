import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KVStore } from '../../../../contract/objects.ts';
import { type Acceptance, accept } from '../../../../operator/reconcile/accept.ts';
import type { Observed } from '../../../../operator/reconcile/observe.ts';
import { restartHash } from '../../../../operator/resources/plan.ts';
import type { Pod } from '../../../../operator/status/pod.ts';
import { observed, plan, pod, redis, store, waiting } from '../objects.ts';

const versions = {
  '7.0': 'docker.io/library/redis:7.0',
  '8.0': 'docker.io/library/redis:8.0',
  '8.2': 'docker.io/library/redis:8.2',
};
const now = new Date('2026-01-02T00:00:00Z');
const decide = (changes: Partial<Observed> = {}, catalogue: Record<string, string> = versions): Acceptance =>
  accept(observed(changes), { versions: catalogue }, now);
const reasons = ({ refusals }: Acceptance) => refusals.map(({ reason }) => reason);
const fresh = { statefulSet: undefined, accepted: undefined, pod: undefined, redis: undefined };

/** A preflight pod for an image that ended so. */
function tried(image: string, terminated: { exitCode: number; message?: string }, scheduling = {}): Pod {
  const annotations = { 'cubby.dev/restart-hash': restartHash({ image, scheduling }) };
  return pod(
    {
      phase: 'Succeeded',
      containerStatuses: [{ name: 'preflight', ready: false, restartCount: 0, state: { terminated } }],
    },
    { annotations },
  );
}

const redisOf = (version: string) => ({ exitCode: 0, message: `Redis server v=${version} sha=0:0` });

test('a trial that its node ended says nothing of the image, and is repeated', () => {
  const image = versions['8.2'];
  const after = (seconds: number, terminated?: { exitCode: number }) => {
    const trial = tried(image, terminated ?? { exitCode: 0 });
    const creationTimestamp = new Date(now.getTime() - seconds * 1000).toISOString();
    const { containerStatuses } = trial.status ?? {};
    const status = {
      phase: 'Failed',
      reason: 'OutOfpods',
      message: 'no room',
      ...(terminated && { containerStatuses }),
    };
    const preflight = { ...trial, metadata: { ...trial.metadata, creationTimestamp }, status };
    return decide({ store: store({ version: '8.2' }), preflight });
  };
  for (const terminated of [undefined, { exitCode: 137 }]) {
    const young = after(5, terminated);
    assert.deepEqual(reasons(young), []);
    assert.equal(young.preflight, 'keep');
    assert.match(young.steps[0]?.message ?? '', /repeated: OutOfpods: no room/);
    const old = after(30, terminated);
    assert.deepEqual(reasons(old), []);
    assert.equal(old.preflight, 'none', 'it goes, and the next one follows');
  }
});

test('a new store is taken over as it is', () => {
  const { accepted, catalogueVersion, preflight, refusals } = decide(fresh);
  assert.deepEqual(accepted, plan().accepted);
  assert.equal(catalogueVersion, '8.0');
  assert.equal(preflight, 'none');
  assert.deepEqual(refusals, []);
});

test('a store that runs as spec says stays as it is', () => {
  assert.deepEqual(decide().accepted, plan().accepted);
});

test('a version that the catalogue does not have is refused with those that it has', () => {
  const unknown = decide({ store: store({ version: '9.9' }) });
  assert.deepEqual(reasons(unknown), ['VersionUnknown']);
  assert.match(unknown.refusals[0]?.message ?? '', /7\.0, 8\.0, 8\.2/);
  assert.equal(unknown.accepted?.image, versions['8.0']);
  assert.equal(decide({ ...fresh, store: store({ version: '9.9' }) }).accepted, undefined);
  assert.deepEqual(reasons(decide({ store: store({ version: 'constructor' }) })), ['VersionUnknown']);
});

test('the image of a version stays while its pod can run it, and follows the catalogue when it cannot', () => {
  const newer = { '8.0': 'docker.io/library/redis:8.0.9' };
  assert.equal(decide({}, newer).accepted?.image, versions['8.0']);
  const stuck = { pod: pod(waiting('ImagePullBackOff')), redis: undefined };
  assert.equal(decide(stuck, newer).accepted?.image, newer['8.0']);
  const asleep = { store: store({ enabled: false }), pod: undefined, redis: undefined };
  assert.equal(decide(asleep, newer).accepted?.image, newer['8.0']);
});

test('a new image of a running store is tried first, on the same node, and the old one stays meanwhile', () => {
  const starting = decide({ store: store({ version: '8.2' }) });
  assert.deepEqual(starting.preflight, { image: versions['8.2'], scheduling: {}, node: 'node-1' });
  assert.equal(starting.accepted?.image, versions['8.0']);
  assert.equal(starting.catalogueVersion, '8.0');
  assert.deepEqual(
    starting.steps.map(({ reason }) => reason),
    ['Checking'],
  );
});

test('new scheduling of a running store is tried on whatever node the scheduler finds', () => {
  const { preflight } = decide({ store: store({ scheduling: { nodeSelector: { disk: 'ssd' } } }) });
  assert.deepEqual(preflight, {
    image: versions['8.0'],
    scheduling: { nodeSelector: { disk: 'ssd' } },
    node: undefined,
  });
});

test('an image that passed is taken over', () => {
  const passed = decide({ store: store({ version: '8.2' }), preflight: tried(versions['8.2'], redisOf('8.2.1')) });
  assert.equal(passed.accepted?.image, versions['8.2']);
  assert.equal(passed.catalogueVersion, '8.2');
  assert.deepEqual(passed.refusals, []);
});

test('an image that does not run redis-server, or cannot be pulled, is refused and the old one stays', () => {
  const spec = store({ image: 'busybox' });
  const wrong = decide({ store: spec, preflight: tried('busybox', { exitCode: 127, message: 'not found' }) });
  assert.deepEqual(reasons(wrong), ['ImageUnavailable']);
  assert.equal(wrong.accepted?.image, versions['8.0']);
  const annotations = { 'cubby.dev/restart-hash': restartHash({ image: 'busybox', scheduling: {} }) };
  const absent = decide({ store: spec, preflight: pod(waiting('ErrImagePull', 'no such image'), { annotations }) });
  assert.deepEqual(reasons(absent), ['ImageUnavailable']);
  assert.match(absent.refusals[0]?.message ?? '', /no such image/);
  assert.equal(absent.preflight, 'keep', 'the kubelet goes on trying');
});

test('the trial of another image is removed before the next one', () => {
  const { preflight, accepted } = decide({
    store: store({ version: '8.2' }),
    preflight: tried('busybox', redisOf('9.0.0')),
  });
  assert.equal(preflight, 'none');
  assert.equal(accepted?.image, versions['8.0']);
});

test('a downgrade is refused before anything is tried, and by what the image says where spec does not', () => {
  const byVersion = decide({ store: store({ version: '7.0' }) });
  assert.deepEqual(reasons(byVersion), ['DowngradeRefused']);
  assert.equal(byVersion.preflight, 'none');
  const byImage = decide({ store: store({ image: 'mine:1' }), preflight: tried('mine:1', redisOf('7.4.0')) });
  assert.deepEqual(reasons(byImage), ['DowngradeRefused']);
  assert.equal(byImage.accepted?.image, versions['8.0']);
  assert.match(byImage.refusals[0]?.message ?? '', /set spec\.version or spec\.image to 8\.0 or newer/);
});

test('an upgrade of several members that is half done is not taken back', () => {
  const at = (ordinal: number, version: string, role: 'primary' | 'replica') => ({
    ordinal,
    pod: pod(undefined, { name: `main-redis-${ordinal}` }),
    claim: undefined,
    redis: redis({ version, replication: { role, linked: role === 'replica' } }),
  });
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-main-redis-2', annotations: { 'cubby.dev/data-version': '8.0.2' } },
    spec: {},
  };
  const first = at(0, '7.0.15', 'primary');
  for (const second of [
    at(2, '8.0.2', 'replica'),
    { ...at(2, '8.0.2', 'replica'), pod: undefined, redis: undefined, claim },
  ])
    for (const spec of [{ replicas: 3 as const }, { shards: 2 }] as Partial<KVStore['spec']>[]) {
      const back = {
        store: store({ version: '7.0', ...spec }),
        accepted: { ...plan().accepted, replicated: true as const },
      };
      const half = decide({ ...back, ...first, members: [first, second] });
      assert.deepEqual(reasons(half), ['DowngradeRefused']);
      assert.match(half.refusals[0]?.message ?? '', /8\.0/);
    }
});

test('data of a claim that was left behind keeps an older Redis away, and lets a newer one in', () => {
  const metadata = { name: 'data', annotations: { 'cubby.dev/data-version': '8.0.2' } };
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: {} };
  const older = decide({ ...fresh, claim, store: store({ version: '7.0' }) });
  assert.deepEqual([reasons(older), older.accepted], [['DowngradeRefused'], undefined]);
  assert.equal(decide({ ...fresh, claim, store: store({ version: '8.2' }) }).accepted?.image, versions['8.2']);
  const unknown = decide({ ...fresh, claim, store: store({ image: 'mine:1' }) });
  assert.deepEqual(
    unknown.preflight,
    { image: 'mine:1', scheduling: {}, node: undefined },
    'an image of unknown version is tried',
  );
});

test('a store whose data is in memory only may go back', () => {
  const none = store({ version: '7.0', persistence: { mode: 'none', fsync: 'everysec', size: '1Gi' } });
  assert.deepEqual(reasons(decide({ store: none })), []);
});

test('a pod that never ran is no reason to try: its spec is corrected at once', () => {
  const stuck = { pod: pod(waiting('ImagePullBackOff')), redis: undefined, store: store({ version: '8.2' }) };
  assert.equal(decide(stuck).accepted?.image, versions['8.2']);
});

test('memory grows at once, and shrinks where the data fits or may be dropped', () => {
  const bytes = (changes: Partial<Observed>) => decide(changes).accepted?.memory;
  assert.equal(bytes({ store: store({ memory: '1Gi' }) }), 2 ** 30);
  assert.equal(bytes({ store: store({ memory: '32Mi' }) }), 32 * 2 ** 20);
  const full = redis({ usedMemory: 40e6 });
  assert.equal(bytes({ store: store({ memory: '32Mi' }), redis: full }), 64 * 2 ** 20);
  assert.deepEqual(reasons(decide({ store: store({ memory: '32Mi' }), redis: full })), ['ShrinkRefused']);
  assert.equal(bytes({ store: store({ memory: '32Mi', evictionPolicy: 'allkeys-lru' }), redis: full }), 32 * 2 ** 20);
});

test('while Redis cannot be asked, what it last said of its memory counts', () => {
  const asleep = store({ memory: '32Mi', enabled: false }, { memory: { limit: 64 * 2 ** 20, used: 40e6 } });
  assert.deepEqual(reasons(decide({ store: asleep, pod: undefined, redis: undefined })), ['ShrinkRefused']);
  assert.deepEqual(
    reasons(decide({ ...fresh, store: asleep })),
    ['ShrinkRefused'],
    'also where the StatefulSet was deleted',
  );
});

test('a directive is taken over when Redis has it, and a refused value leaves the old one', () => {
  const config = (changes: Partial<Observed>) => decide(changes).accepted?.config;
  const asked = store({ config: { hz: '20' } });
  assert.deepEqual(config({ store: asked }), {});
  assert.deepEqual(config({ store: asked, redis: redis({}, { hz: '20' }) }), { hz: '20' });
  const had = { ...plan().accepted, config: { hz: '20' } };
  assert.deepEqual(config({ store: store({ config: { hz: '0' } }), accepted: had, redis: redis({}, { hz: '20' }) }), {
    hz: '20',
  });
  assert.deepEqual(config({ store: store({ config: { hz: 'fast' } }), accepted: had }), { hz: '20' });
  assert.deepEqual(config({ accepted: had }), {}, 'a removed one goes');
});

test('directives that may not be set are named with those that may', () => {
  const refused = decide({ store: store({ config: { timeout: '5', hz: 'fast' } }) });
  assert.deepEqual(reasons(refused), ['ConfigNotAllowed', 'ConfigInvalid']);
  assert.match(refused.refusals[0]?.message ?? '', /timeout may not be set; allowed are .*\bhz\b/);
});
