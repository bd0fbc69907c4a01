import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Condition, KVStore } from '../contract/objects.ts';
import type { Run } from '../kube/controller.ts';
import type { Resource } from '../kube/resources.ts';
import type { Answered } from '../kube/rest-client.ts';
import { addBackupMetrics, type BackupSources } from './backup-metrics.ts';
import type { ControllerName, Queues } from './controller/controllers.ts';
import type { SessionOutcome } from './redis/outcome.ts';
import { addReplicationMetrics } from './replication-metrics.ts';
import { paused } from './status/paused.ts';

/** What the metrics are read from when they are asked for. */
export interface MetricSources extends BackupSources {
  queues: Queues;
  /** The stores of this operator's shard, so that sums over shards are right. */
  stores: () => readonly KVStore[];
  /** Name of this operator's shard, where it is one. */
  shard?: string | undefined;
  isLeader: () => boolean;
  /** Since the API server was last heard on the quietest watch, in ms. */
  silentMs: () => number;
  /** By how many seconds rotations are late. */
  overdue: () => Record<'masterKey' | 'store', number>;
}

/** The operator's metrics, and how what happens is counted. No label carries a tenant's name, or words of a tenant's Redis. */
export function createMetrics(sources: MetricSources) {
  const { queues, stores, shard, isLeader, silentMs, overdue, now } = sources;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addBackupMetrics(registry, sources);
  addReplicationMetrics(registry, sources);
  const registers = [registry];
  const labelNames = ['controller'];
  const runs = new Counter({
    name: 'cubby_operator_reconciles_total',
    help: 'Reconciles by outcome',
    labelNames: ['controller', 'outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'cubby_operator_reconcile_seconds',
    help: 'How long a reconcile takes',
    labelNames,
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
    registers,
  });
  const waiting = new Histogram({
    name: 'cubby_operator_queue_wait_seconds',
    help: 'How long a key waits for a worker',
    labelNames,
    buckets: [0.001, 0.01, 0.1, 1, 10, 60],
    registers,
  });
  const calls = new Counter({
    name: 'cubby_operator_api_requests_total',
    help: 'Requests that the API server answered',
    labelNames: ['verb', 'resource', 'code'],
    registers,
  });
  const watchErrors = new Counter({
    name: 'cubby_operator_watch_restarts_total',
    help: 'Lists and watches that failed and were begun anew',
    labelNames: ['resource'],
    registers,
  });
  const sessions = new Counter({
    name: 'cubby_operator_redis_sessions_total',
    help: 'Attempts to sign in to a Redis, by what came of them',
    labelNames: ['outcome'],
    registers,
  });
  new Gauge({
    name: 'cubby_operator_queue_depth',
    help: 'Keys that wait for a worker',
    labelNames,
    registers,
    collect() {
      for (const [controller, queue] of Object.entries(queues)) this.set({ controller }, queue.counts().ready);
    },
  });
  new Gauge({
    name: 'cubby_stores',
    help: 'KVStores by phase',
    labelNames: ['phase'],
    registers,
    collect() {
      this.reset();
      for (const store of stores()) this.inc({ phase: store.status?.phase ?? 'Pending' });
    },
  });
  new Gauge({
    name: 'cubby_store_conditions',
    help: 'KVStores by what their conditions say, in the words of docs/conditions.md',
    labelNames: ['type', 'status', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const store of stores())
        for (const { type, status, reason } of store.status?.conditions ?? []) this.inc({ type, status, reason });
    },
  });
  new Gauge({
    name: 'cubby_store_condition_longest_seconds',
    help: 'How long a condition has had its status on the KVStore that has had it for longest, of those not paused',
    labelNames: ['type', 'status', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const [labels, seconds] of longest(stores(), now())) this.set(labels, seconds);
    },
  });
  new Gauge({
    name: 'cubby_rotation_overdue_seconds',
    help: 'For how long replaced passwords have been accepted beyond their time: those of the master key, and those of the latest store',
    labelNames: ['of'],
    registers,
    collect() {
      for (const [of, seconds] of Object.entries(overdue())) this.set({ of }, seconds);
    },
  });
  new Gauge({
    name: 'cubby_operator_leader',
    help: 'Whether this replica leads; of a shard, with its name',
    labelNames: ['shard'],
    registers,
    collect() {
      this.set(shard === undefined ? {} : { shard }, isLeader() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'cubby_operator_watch_silent_seconds',
    help: 'Since the API server was last heard on the quietest watch',
    registers,
    collect() {
      this.set(silentMs() / 1000);
    },
  });
  return {
    registry,
    countRun(controller: ControllerName, { outcome, durationMs, waitedMs }: Run): void {
      runs.inc({ controller, outcome });
      duration.observe({ controller }, durationMs / 1000);
      waiting.observe({ controller }, waitedMs / 1000);
    },
    countAnswer({ verb, resource, status }: Answered): void {
      calls.inc({ verb, resource, code: String(status) });
    },
    countWatchError({ plural }: Resource): void {
      watchErrors.inc({ resource: plural });
    },
    countSession(outcome: SessionOutcome): void {
      sessions.inc({ outcome });
    },
  };
}

type ConditionLabels = Pick<Condition, 'type' | 'status' | 'reason'>;

/** What each kind of condition's oldest one has lasted, in seconds. A paused store's conditions speak of the past. */
function longest(stores: readonly KVStore[], nowMs: number): Iterable<[ConditionLabels, number]> {
  const found = new Map<string, [ConditionLabels, number]>();
  for (const store of stores.filter((store) => !paused(store)))
    for (const { type, status, reason, lastTransitionTime } of store.status?.conditions ?? []) {
      const key = `${type} ${status} ${reason}`;
      const seconds = Math.max(0, (nowMs - Date.parse(lastTransitionTime)) / 1000);
      if (seconds >= (found.get(key)?.[1] ?? 0)) found.set(key, [{ type, status, reason }, seconds]);
    }
  return found.values();
}
