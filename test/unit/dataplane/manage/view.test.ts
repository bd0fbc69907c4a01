import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewStore } from '../../../../dataplane/manage/view.ts';
import { kvStore } from '../objects.ts';

const ready = (status: 'True' | 'False') => [
  { type: 'Ready', status, reason: 'Serving', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
];
const unseen = { keys: null, manageable: false };
const running = {
  observedGeneration: 1,
  phase: 'Ready',
  version: '8.0.2',
  image: 'docker.io/library/redis:8.0',
  memory: { limit: 67_108_864, used: 1_234_567 },
  conditions: ready('True'),
} as const;

test('a store that runs is shown as the operator sees it', () => {
  const view = viewStore(
    kvStore({ projectId: 'shop', version: '8.0', status: { ...running, conditions: ready('True') } }),
    { keys: 5, manageable: true },
  );
  assert.deepEqual(view, {
    enabled: true,
    healthy: true,
    version: '8.0.2',
    docker_image: 'docker.io/library/redis:8.0',
    project_id: 'shop',
    phase: 'Ready',
    max_memory: '64mb',
    used_memory: 1_234_567,
    persistence: true,
    keys: 5,
    namespace: 'a',
    name: 'main',
    manageable: true,
    reads: 'primary',
    topology: { mode: 'Standalone', members: 1 },
    members: [],
    restore: null,
    plan: null,
    limits: null,
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Serving', message: '', last_transition_time: '2026-01-01T00:00:00Z' },
    ],
    requested: { version: '8.0', docker_image: null, max_memory: '64mb', persistence: true, enabled: true },
  });
});

test('a store that the operator has not seen is pending, with what was asked for', () => {
  const view = viewStore(kvStore({ namespace: 'a', name: 'main', version: '7.0', status: {} }), unseen);
  assert.deepEqual(
    [view.phase, view.healthy, view.version, view.docker_image, view.project_id, view.used_memory],
    ['Pending', false, '7.0', null, 'a.main', null],
  );
});

test('what the operator said of an earlier spec is not said of this one', () => {
  const store = kvStore({ enabled: true, status: { ...running, phase: 'Hibernated', conditions: ready('False') } });
  store.metadata.generation = 2;
  assert.equal(viewStore(store, unseen).phase, 'Progressing');
});

test('a hibernated store is neither healthy nor uses memory, even before the operator has stopped it', () => {
  const view = viewStore(kvStore({ enabled: false, status: { ...running, conditions: ready('True') } }), unseen);
  assert.deepEqual([view.enabled, view.healthy, view.used_memory], [false, false, null]);
});

test('a store is healthy only while its condition Ready is True', () => {
  for (const conditions of [ready('False'), [], undefined]) {
    const status = { ...running, conditions: conditions ?? [] };
    assert.equal(viewStore(kvStore({ status }), unseen).healthy, false);
  }
});

test('what is asked for stands beside what runs until the operator has seen to it', () => {
  const status = { ...running, version: '7.0.15', image: 'redis:7.0', conditions: ready('True') };
  const { version, docker_image, requested } = viewStore(
    kvStore({ version: '8.0', memory: '1Gi', persistence: { mode: 'none', fsync: 'everysec', size: '1Gi' }, status }),
    unseen,
  );
  assert.deepEqual([version, docker_image], ['7.0.15', 'redis:7.0']);
  assert.deepEqual(requested, {
    version: '8.0',
    docker_image: null,
    max_memory: '1gb',
    persistence: false,
    enabled: true,
  });
});

test('limits are those in force, and null where there is none', () => {
  const limitsOf = (limits: object) => viewStore(kvStore({ plan: 'pro', status: { limits } }), unseen).limits;
  assert.deepEqual(limitsOf({ requestsPerSecond: 5, burst: 9, tokensPerMonth: '0.5' }), {
    requests_per_second: 5,
    burst: 9,
    tokens_per_month: '0.5',
  });
  assert.deepEqual(limitsOf({ tokensPerMonth: '2' }), {
    requests_per_second: null,
    burst: null,
    tokens_per_month: '2',
  });
  assert.equal(limitsOf({}), null);
});
