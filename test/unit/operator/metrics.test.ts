import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, KVStore } from '../../../contract/objects.ts';
import type { Cache } from '../../../kube/cache.ts';
import { createQueue } from '../../../kube/queue.ts';
import { createMetrics } from '../../../operator/metrics.ts';
import { store } from './objects.ts';

const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: 'of tenant shop',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

test('stores are counted by phase and by what their conditions say, and no label carries a name of theirs', async () => {
  let stores: KVStore[] = [
    store({}, { phase: 'Ready', conditions: [condition('Ready', 'True', 'Serving')] }),
    store({}, { phase: 'Degraded', conditions: [condition('Ready', 'True', 'Serving')] }),
    store({}, { phase: 'Degraded', conditions: [condition('Ready', 'False', 'Unavailable')] }),
    store(),
  ];
  const { registry } = createMetrics({
    queues: { store: createQueue(), token: createQueue(), ledger: createQueue() },
    stores: { list: () => stores } as Cache<KVStore>,
    isLeader: () => true,
    silentMs: () => 0,
  });
  const text = await registry.metrics();
  assert.match(text, /^cubby_stores{phase="Degraded"} 2$/m);
  assert.match(text, /^cubby_stores{phase="Pending"} 1$/m);
  assert.match(text, /^cubby_store_conditions{type="Ready",status="True",reason="Serving"} 2$/m);
  assert.match(text, /^cubby_store_conditions{type="Ready",status="False",reason="Unavailable"} 1$/m);
  assert.doesNotMatch(text, /shop|main/);
  stores = [];
  assert.doesNotMatch(await registry.metrics(), /cubby_store_conditions{/, 'what is gone is not counted');
});

test('what the API server was asked for is counted by verb, kind and answer', async () => {
  const { registry, countAnswer } = createMetrics({
    queues: { store: createQueue(), token: createQueue(), ledger: createQueue() },
    stores: { list: () => [] as KVStore[] } as unknown as Cache<KVStore>,
    isLeader: () => true,
    silentMs: () => 0,
  });
  for (const status of [201, 201, 409]) countAnswer({ verb: 'apply', resource: 'services', status });
  const text = await registry.metrics();
  assert.match(text, /^cubby_operator_api_requests_total{verb="apply",resource="services",code="201"} 2$/m);
  assert.match(text, /^cubby_operator_api_requests_total{verb="apply",resource="services",code="409"} 1$/m);
});
