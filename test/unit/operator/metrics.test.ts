import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, KVBackupSchedule, KVStore } from '../../../contract/objects.ts';
import { createQueue, type Queue } from '../../../kube/queue.ts';
import { pods } from '../../../kube/resources.ts';
import { createMetrics } from '../../../operator/metrics.ts';
import { backup, schedule, store } from './objects.ts';

const condition = (type: string, status: Condition['status'], reason: string): Condition => ({
  type,
  status,
  reason,
  message: 'of tenant shop',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

const queues = () => {
  const [store, token, backup, schedule, ledger, masterKey] = Array.from({ length: 6 }, () => createQueue()) as Six;
  return { store, token, backup, schedule, ledger, masterKey };
};
type Six = [Queue, Queue, Queue, Queue, Queue, Queue];

const none = { backups: () => [], schedules: () => [] };

test('stores are counted by phase and by what their conditions say, and no label carries a name of theirs', async () => {
  let stores: KVStore[] = [
    store({}, { phase: 'Ready', conditions: [condition('Ready', 'True', 'Serving')] }),
    store({}, { phase: 'Degraded', conditions: [condition('Ready', 'True', 'Serving')] }),
    store({}, { phase: 'Degraded', conditions: [condition('Ready', 'False', 'Unavailable')] }),
    store(),
  ];
  const { registry } = createMetrics({
    queues: queues(),
    ...none,
    stores: () => stores,
    isLeader: () => true,
    silentMs: () => 0,
    overdue: () => ({ masterKey: 0, store: 90 }),
    now: () => Date.parse('2026-01-01T00:01:00Z'),
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
    queues: queues(),
    ...none,
    stores: () => [] as KVStore[],
    isLeader: () => true,
    silentMs: () => 0,
    overdue: () => ({ masterKey: 0, store: 90 }),
    now: () => Date.parse('2026-01-01T00:01:00Z'),
  });
  for (const status of [201, 201, 409]) countAnswer({ verb: 'apply', resource: 'services', status });
  const text = await registry.metrics();
  assert.match(text, /^cubby_operator_api_requests_total{verb="apply",resource="services",code="201"} 2$/m);
  assert.match(text, /^cubby_operator_api_requests_total{verb="apply",resource="services",code="409"} 1$/m);
});

test('how long the longest has been so is told of each condition, and of no paused store', async () => {
  const since = (at: string, reason: string) => ({
    ...condition('Progressing', 'True', reason),
    lastTransitionTime: at,
  });
  const waiting = (at: string, reason = 'Restarting') => store({}, { conditions: [since(at, reason)] });
  const paused = waiting('2025-01-01T00:00:00Z');
  paused.metadata.annotations = { 'cubby.dev/paused': 'true' };
  const stores = [
    waiting('2026-01-01T00:00:40Z'),
    waiting('2026-01-01T00:00:00Z'),
    waiting('2026-01-01T00:01:10Z', 'Saving'),
    paused,
  ];
  const { registry } = createMetrics({
    queues: queues(),
    ...none,
    stores: () => stores,
    isLeader: () => true,
    silentMs: () => 0,
    overdue: () => ({ masterKey: 0, store: 90 }),
    now: () => Date.parse('2026-01-01T00:01:00Z'),
  });
  const text = await registry.metrics();
  const series = text.match(/^cubby_store_condition_longest_seconds{.*$/gm);
  assert.deepEqual(series, [
    'cubby_store_condition_longest_seconds{type="Progressing",status="True",reason="Restarting"} 60',
    'cubby_store_condition_longest_seconds{type="Progressing",status="True",reason="Saving"} 0',
  ]);
});

test('failed watches, attempts to sign in to a Redis and rotations that are late are told', async () => {
  const { registry, countWatchError, countSession } = createMetrics({
    queues: queues(),
    ...none,
    stores: () => [] as KVStore[],
    isLeader: () => true,
    silentMs: () => 0,
    overdue: () => ({ masterKey: 0, store: 90 }),
    now: () => 0,
  });
  countWatchError(pods);
  for (const outcome of ['ok', 'WRONGPASS', 'WRONGPASS'] as const) countSession(outcome);
  const text = await registry.metrics();
  assert.match(text, /^cubby_operator_watch_restarts_total{resource="pods"} 1$/m);
  assert.match(text, /^cubby_operator_redis_sessions_total{outcome="WRONGPASS"} 2$/m);
  assert.match(text, /^cubby_rotation_overdue_seconds{of="store"} 90$/m);
});

test('backups are counted, and the schedule that owes one for longest tells for how long', async () => {
  const ready = (status: Condition['status'], reason: string) => ({ ...condition('Ready', status, reason) });
  const nightly = (status: KVBackupSchedule['status'], spec = {}) => schedule(spec, status);
  const { registry } = createMetrics({
    queues: queues(),
    stores: () => [] as KVStore[],
    backups: () => [
      backup({}, { phase: 'Completed', conditions: [condition('Complete', 'True', 'Completed')] }),
      backup({}, { phase: 'Failed', conditions: [condition('Complete', 'False', 'NoSpace')] }),
      backup(),
    ],
    schedules: () => [
      nightly({ lastSuccessfulTime: '2026-01-09T03:05:00Z', conditions: [ready('False', 'LastBackupFailed')] }),
      nightly({ lastSuccessfulTime: '2026-01-10T03:05:00Z', conditions: [ready('True', 'Scheduled')] }),
      nightly({ lastSuccessfulTime: '2026-01-02T03:05:00Z', conditions: [ready('False', 'StoreHibernated')] }),
      nightly({}, { suspend: true }),
    ],
    isLeader: () => true,
    silentMs: () => 0,
    overdue: () => ({ masterKey: 0, store: 0 }),
    now: () => Date.parse('2026-01-10T04:00:00Z'),
  });
  const text = await registry.metrics();
  assert.match(text, /^cubby_backups{phase="Failed",reason="NoSpace"} 1$/m);
  assert.match(text, /^cubby_backups{phase="Pending",reason=""} 1$/m);
  assert.match(text, /^cubby_backup_schedules{reason="Scheduled"} 1$/m);
  assert.match(text, /^cubby_backup_overdue_seconds 3600$/m);
  assert.match(text, /^cubby_backup_success_age_seconds 89700$/m);
});

test('stores with replicas are counted by whether all members do their part, and those that are off or paused are not', async () => {
  type Members = NonNullable<NonNullable<KVStore['status']>['members']>;
  const primary = { name: 'main-redis-0', role: 'Primary', ready: true } as const;
  const replica = { name: 'main-redis-1', role: 'Replica', ready: true, linked: true } as const;
  const of = (members: Members, spec: Partial<KVStore['spec']> = {}, mode: 'Replicated' | 'Sharded' = 'Replicated') =>
    store({ enabled: true, ...spec }, { topology: { mode, members: members.length }, members });
  const paused = of([replica]);
  paused.metadata.annotations = { 'cubby.dev/paused': 'true' };
  const { registry } = createMetrics({
    queues: queues(),
    ...none,
    stores: () => [
      of([primary, replica]),
      of([primary, { ...replica, linked: false }]),
      of([primary, { ...replica, ready: false }]),
      of([primary, { name: 'main-redis-1', ready: false }]),
      of([replica, { ...replica, linked: false }]),
      of([replica], { enabled: false }),
      of([replica], {}, 'Sharded'),
      paused,
      store({ enabled: true }),
    ],
    isLeader: () => true,
    silentMs: () => 0,
    overdue: () => ({ masterKey: 0, store: 0 }),
    now: () => 0,
  });
  const series = (await registry.metrics()).match(/^cubby_replicated_stores{.*$/gm);
  assert.deepEqual(series, [
    'cubby_replicated_stores{state="whole"} 1',
    'cubby_replicated_stores{state="replica-down"} 3',
    'cubby_replicated_stores{state="no-primary"} 1',
  ]);
});
