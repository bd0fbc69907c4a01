import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoreFacts } from '../../../../operator/status/store-facts.ts';
import { storeStatus } from '../../../../operator/status/store-status.ts';
import { store } from '../objects.ts';

const now = new Date('2026-01-02T00:00:00Z');
const report = { image: 'redis:8.0', memory: { limit: 100_000_000, used: 10_000_000 } };

/** Facts of a store that serves as spec says. */
function facts(changes: Partial<StoreFacts> = {}): StoreFacts {
  return {
    store: store(),
    projectId: 'shop.main',
    limits: undefined,
    podReady: true,
    podExists: true,
    redis: { state: 'answering', version: '8.0.2', readOnly: false },
    refusals: [],
    troubles: [],
    steps: [],
    ...changes,
  };
}

const status = (changes: Partial<StoreFacts> = {}) => storeStatus(facts(changes), report, now);
const condition = (changes: Partial<StoreFacts>, type: string) => {
  const found = status(changes).conditions?.find((candidate) => candidate.type === type);
  return `${found?.status} ${found?.reason}`;
};

test('a store that serves as spec says', () => {
  const { conditions, ...rest } = status();
  assert.deepEqual(rest, {
    observedGeneration: 3,
    phase: 'Ready',
    projectId: 'shop.main',
    version: '8.0.2',
    image: 'redis:8.0',
    credentialGeneration: 1,
    endpoint: { host: 'main-redis.shop.svc', port: 6379 },
    memory: { limit: 100_000_000, used: 10_000_000 },
  });
  assert.deepEqual(
    conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`),
    ['Ready=True Serving', 'Progressing=False Settled', 'Degraded=False AsExpected', 'SpecAccepted=True Accepted'],
  );
});

test('equal facts give an equal status, also later', () => {
  const before = status();
  const again = storeStatus(facts({ store: store({}, before) }), report, new Date('2026-02-01T00:00:00Z'));
  assert.deepEqual(again, before);
});

test('when somebody was first let in past the API is kept for good', () => {
  assert.equal(status().nativeAccessSince, undefined);
  const before = { ...status(), nativeAccessSince: '2026-01-01T00:00:00.000Z' };
  assert.equal(status({ store: { ...store(), status: before } }).nativeAccessSince, before.nativeAccessSince);
});

test('a condition whose status changes gets the time, and one whose reason changes keeps it', () => {
  const before = status();
  const loading: Partial<StoreFacts> = { store: store({}, before), redis: { state: 'loading' } };
  const later = storeStatus(facts(loading), report, new Date('2026-02-01T00:00:00Z'));
  const time = (type: string) => later.conditions?.find((candidate) => candidate.type === type)?.lastTransitionTime;
  assert.equal(time('Ready'), '2026-02-01T00:00:00Z');
  assert.equal(time('Degraded'), '2026-01-02T00:00:00Z');
});

const readiness: [string, Partial<StoreFacts>, string][] = [
  ['Redis answers and the pod is ready', {}, 'True Serving'],
  ['Redis answers but the pod is not ready', { podReady: false }, 'False NotReady'],
  [
    'the operator cannot ask, but the probe passes',
    { redis: { state: 'unreachable', why: 'timeout' } },
    'True PodReady',
  ],
  ['nothing listens, though the probe passed a moment ago', { redis: { state: 'down' } }, 'False NotReady'],
  ['there is no pod', { redis: { state: 'absent' }, podReady: false, podExists: false }, 'False NotReady'],
  ['Redis loads', { redis: { state: 'loading' } }, 'False Loading'],
  [
    'Redis refuses writes, though the probe passed a moment ago',
    { redis: { state: 'answering', version: '8.0.2', readOnly: true } },
    'False ReadOnly',
  ],
  ['it hibernates', { store: store({ enabled: false }) }, 'False Hibernated'],
  [
    'another holds its project, though Redis runs',
    { refusals: [{ reason: 'ProjectIdConflict', message: '' }] },
    'False ProjectIdConflict',
  ],
  ['its project is invalid', { refusals: [{ reason: 'ProjectIdInvalid', message: '' }] }, 'False ProjectIdInvalid'],
  [
    'the pod is in trouble',
    { podReady: false, redis: { state: 'absent' }, troubles: [{ reason: 'Unschedulable', message: '' }] },
    'False Unavailable',
  ],
  [
    'spec is refused but the old Redis serves',
    { refusals: [{ reason: 'VersionUnknown', message: '' }] },
    'True Serving',
  ],
];

for (const [when, changes, expected] of readiness) {
  test(`Ready is ${expected} when ${when}`, () => assert.equal(condition(changes, 'Ready'), expected));
}

test('a Redis that is to hibernate is not called stopped before it is', () => {
  const asleep = { store: store({ enabled: false }) };
  const message = (podExists: boolean) =>
    status({ ...asleep, podExists }).conditions?.find(({ type }) => type === 'Ready')?.message;
  assert.match(message(true) ?? '', /^Redis is being stopped/);
  assert.match(message(false) ?? '', /^Redis is stopped and its data kept/);
});

test('Progressing says what is on its way, or that spec holds it up', () => {
  assert.equal(condition({ steps: [{ reason: 'Saving', message: '' }] }, 'Progressing'), 'True Saving');
  assert.equal(condition({ refusals: [{ reason: 'ShrinkRefused', message: '' }] }, 'Progressing'), 'False Blocked');
});

test('Degraded has the first reason and all messages, and what is wrong with Redis goes first', () => {
  const troubled = {
    refusals: [{ reason: 'ShrinkRefused' as const, message: 'too small' }],
    troubles: [{ reason: 'PersistenceFailing' as const, message: 'disk full' }],
  };
  assert.equal(condition(troubled, 'Degraded'), 'True PersistenceFailing');
  const found = status(troubled).conditions?.find(({ type }) => type === 'Degraded');
  assert.equal(found?.message, 'disk full; too small');
  assert.equal(condition(troubled, 'SpecAccepted'), 'False ShrinkRefused');
  assert.equal(condition({ troubles: troubled.troubles }, 'SpecAccepted'), 'True Accepted');
});

const phases: [string, Partial<StoreFacts>][] = [
  ['Ready', {}],
  ['Pending', { podReady: false, redis: { state: 'absent' }, steps: [{ reason: 'Creating', message: '' }] }],
  [
    'Progressing',
    {
      store: store({}, { version: '8.0.2' }),
      podReady: false,
      redis: { state: 'absent' },
      steps: [{ reason: 'Starting', message: '' }],
    },
  ],
  ['Progressing', { steps: [{ reason: 'Checking', message: '' }] }],
  ['Degraded', { troubles: [{ reason: 'CrashLooping', message: '' }] }],
  ['Hibernated', { store: store({ enabled: false }), podExists: false }],
  [
    'Progressing',
    { store: store({ enabled: false }, { version: '8.0.2' }), steps: [{ reason: 'Hibernating', message: '' }] },
  ],
];

test('the phase sums it up', () => {
  for (const [expected, changes] of phases) assert.equal(status(changes).phase, expected, JSON.stringify(changes));
});

test('a store without a project has none in its status, and keeps what Redis last said', () => {
  const before = status();
  const conflicted = status({ store: store({}, before), projectId: undefined, redis: { state: 'absent' } });
  assert.equal('projectId' in conflicted, false);
  assert.equal(conflicted.version, '8.0.2');
});

test('an unknown plan is told, and is not why a pod does not run', () => {
  const refusals = [{ reason: 'PlanUnknown' as const, message: 'no such plan' }];
  assert.equal(condition({ refusals }, 'SpecAccepted'), 'False PlanUnknown');
  assert.equal(condition({ refusals, podReady: false, redis: { state: 'absent' } }, 'Ready'), 'False NotReady');
});

test('used memory moves by a twentieth of the limit, and with the limit', () => {
  const used = (before: number, after: number, limit = 100_000_000) => {
    const known = store({}, { memory: { limit: 100_000_000, used: before } });
    return storeStatus(facts({ store: known }), { ...report, memory: { limit, used: after } }, now).memory?.used;
  };
  assert.equal(used(10_000_000, 14_999_999), 10_000_000);
  assert.equal(used(10_000_000, 15_000_000), 15_000_000);
  assert.equal(used(10_000_000, 5_000_000), 5_000_000);
  assert.equal(used(10_000_000, 10_000_001, 200_000_000), 10_000_001);
});

test('a message is cut to what the API server takes', () => {
  const message = 'x'.repeat(40_000);
  const found = status({ troubles: [{ reason: 'PodFailed', message }] }).conditions?.find(
    ({ type }) => type === 'Degraded',
  );
  assert.equal(found?.message.length, 32_768);
});

test('a Redis that refuses writes is not ready, and says that it answers reads', () => {
  const readOnly = { redis: { state: 'answering', version: '8.0.2', readOnly: true } } as const;
  const troubles = [{ reason: 'VolumeFull', message: 'the volume is full' }] as const;
  for (const podReady of [true, false]) {
    assert.equal(condition({ ...readOnly, troubles, podReady }, 'Ready'), 'False ReadOnly');
    assert.equal(condition({ ...readOnly, troubles, podReady }, 'Degraded'), 'True VolumeFull');
  }
});
