import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewStore } from '../../../../dataplane/manage/view.ts';
import { kvStore } from '../objects.ts';

const ready = (status: 'True' | 'False') => [
  { type: 'Ready', status, reason: 'Serving', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
];
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
    5,
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
  });
});

test('a store that the operator has not seen is pending, with what was asked for', () => {
  const view = viewStore(kvStore({ namespace: 'a', name: 'main', version: '7.0', status: {} }), null);
  assert.deepEqual(
    [view.phase, view.healthy, view.version, view.docker_image, view.project_id, view.used_memory],
    ['Pending', false, '7.0', null, 'a.main', null],
  );
});

test('what the operator said of an earlier spec is not said of this one', () => {
  const store = kvStore({ enabled: true, status: { ...running, phase: 'Hibernated', conditions: ready('False') } });
  store.metadata.generation = 2;
  assert.equal(viewStore(store, null).phase, 'Progressing');
});

test('a hibernated store is neither healthy nor uses memory, even before the operator has stopped it', () => {
  const view = viewStore(kvStore({ enabled: false, status: { ...running, conditions: ready('True') } }), null);
  assert.deepEqual([view.enabled, view.healthy, view.used_memory], [false, false, null]);
});

test('a store is healthy only while its condition Ready is True', () => {
  for (const conditions of [ready('False'), [], undefined]) {
    const status = { ...running, conditions: conditions ?? [] };
    assert.equal(viewStore(kvStore({ status }), null).healthy, false);
  }
});
