import type { KVBackupScheduleStatus } from '../../contract/kvbackupschedule.gen.ts';
import { scheduledBackup, scheduledBackupName } from '../../contract/new-backup.ts';
import type { KVBackup, KVBackupSchedule } from '../../contract/objects.ts';
import type { ReconcileResult } from '../../kube/controller.ts';
import { isAlreadyExists, isForbidden, isInvalid } from '../../kube/errors.ts';
import { type ApiObject, parseKey } from '../../kube/object.ts';
import { rfc3339, toConditions } from '../status/conditions.ts';
import { type ScheduleFacts, scheduleReady } from '../status/schedule-ready.ts';
import { BY_SCHEDULE, type Context, FIELD_MANAGER } from './context.ts';
import { kvBackupSchedules, kvBackups } from './kinds.ts';
import { reportStatus, statusOf } from './report.ts';
import { removeOutlived } from './schedule-retention.ts';
import { dueNow, readTimes, ScheduleError, type Times } from './schedule-times.ts';

/** Makes the backup of the schedule called `key` ("namespace/name") that is due, removes what it keeps no longer, and reports. */
export async function reconcileSchedule(
  context: Context,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const cached = context.caches.schedules.get(parseKey(key));
  if (!cached || cached.metadata.deletionTimestamp) return undefined; // its backups stay
  const status = statusOf(cached);
  const schedule: KVBackupSchedule = status ? { ...cached, status } : cached;
  const now = context.now();
  // An earlier schedule of that name may have been of another store, whose last backups are no business of this one.
  const backups = context.caches.backups
    .by(BY_SCHEDULE, key)
    .filter(({ spec }) => spec.storeRef.name === schedule.spec.storeRef.name);
  const { times, invalid } = tryTimes(schedule);
  const obstacle = obstacleOf(context, schedule, backups);
  const { due, missed, next } = times && !schedule.spec.suspend ? dueNow(schedule, times, now) : {};
  const skipped = due && (await makeBackup(context, schedule, backups, obstacle, due, signal));
  if (skipped !== undefined)
    context.events.record(cached, 'Warning', 'BackupSkipped', `${rfc3339(due as Date)}: ${skipped}`);
  if (missed) {
    const message = `the backup of ${rfc3339(missed)} was missed by more than spec.startingDeadlineSeconds`;
    context.events.record(cached, 'Warning', 'BackupMissed', message);
  }
  await removeOutlived(context, schedule, backups, signal);
  const passed = due ?? missed;
  const facts = { suspended: schedule.spec.suspend, invalid, obstacle, next: next && rfc3339(next) };
  const report = scheduleStatus(schedule, backups, facts, passed, due && skipped === undefined, now);
  await reportStatus(context, kvBackupSchedules, cached, report, signal);
  const untilNext = next ? next.getTime() - context.now().getTime() : context.settings.resyncMs;
  // Not longer than the resync, because clocks are set.
  return { requeueAfterMs: Math.max(0, Math.min(untilNext, context.settings.resyncMs)) };
}

function tryTimes({ spec }: KVBackupSchedule): { times?: Times; invalid?: string } {
  try {
    return { times: readTimes(spec) };
  } catch (error) {
    if (error instanceof ScheduleError) return { invalid: error.message };
    throw error;
  }
}

/** Why no backup can be made now, or what the last one came to. */
function obstacleOf(
  { caches }: Pick<Context, 'caches'>,
  { metadata, spec }: KVBackupSchedule,
  backups: readonly KVBackup[],
): ScheduleFacts['obstacle'] {
  const { name } = spec.storeRef;
  const store = caches.stores.get({ namespace: metadata.namespace, name });
  if (!store || store.metadata.deletionTimestamp)
    return {
      reason: 'StoreNotFound',
      message: `there is no KVStore ${name} in the namespace ${metadata.namespace}; create it`,
    };
  if (!spec.target && !store.spec.backup)
    return {
      reason: 'TargetMissing',
      message: `nothing says where to; set spec.target, or spec.backup of the KVStore ${name}`,
    };
  if (!store.spec.enabled)
    return {
      reason: 'StoreHibernated',
      message: 'the store is hibernated, so its data does not change and its last backup stands',
    };
  const [latest] = backups
    .filter(({ status }) => status?.phase === 'Completed' || status?.phase === 'Failed')
    .sort((a, b) => Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp));
  if (latest?.status?.phase !== 'Failed') return undefined;
  const why = latest.status.conditions?.find(({ type }) => type === 'Complete')?.message;
  return {
    reason: 'LastBackupFailed',
    message: `the KVBackup ${latest.metadata.name} failed, the next one is made in its time: ${why}`,
  };
}

/** Makes the backup for that time, or says why not. */
async function makeBackup(
  { client }: Pick<Context, 'client'>,
  schedule: KVBackupSchedule,
  backups: readonly KVBackup[],
  obstacle: ScheduleFacts['obstacle'],
  due: Date,
  signal: AbortSignal,
): Promise<string | undefined> {
  const object = scheduledBackup(schedule, due);
  const active = backups.find((backup) => isActive(backup) && backup.metadata.name !== object.metadata.name);
  if (active) return `the KVBackup ${active.metadata.name} is not over yet`;
  if (obstacle && obstacle.reason !== 'LastBackupFailed') return obstacle.message;
  try {
    await client.create<ApiObject>(kvBackups, object, { fieldManager: FIELD_MANAGER, signal });
    return undefined;
  } catch (error) {
    if (isAlreadyExists(error)) return undefined; // made before, and not reported
    if (!isForbidden(error) && !isInvalid(error)) throw error;
    return `the API server refuses the KVBackup: ${error.message}`;
  }
}

function isActive({ metadata, status }: KVBackup): boolean {
  return !metadata.deletionTimestamp && status?.phase !== 'Completed' && status?.phase !== 'Failed';
}

function scheduleStatus(
  schedule: KVBackupSchedule,
  backups: readonly KVBackup[],
  facts: ScheduleFacts,
  passed: Date | undefined,
  made: boolean | undefined,
  now: Date,
): KVBackupScheduleStatus {
  const { metadata, status } = schedule;
  const completed = [status?.lastSuccessfulTime, ...backups.map((backup) => backup.status?.completedAt)];
  const [lastSuccessfulTime] = completed
    .filter((time) => time !== undefined)
    .sort((a, b) => Date.parse(b) - Date.parse(a));
  const lastScheduleTime = passed ? rfc3339(passed) : status?.lastScheduleTime;
  const active = made && passed ? scheduledBackupName(metadata.name, passed) : backups.find(isActive)?.metadata.name;
  return {
    observedGeneration: metadata.generation,
    ...(lastScheduleTime !== undefined && { lastScheduleTime }),
    ...(facts.next !== undefined && { nextScheduleTime: facts.next }),
    ...(lastSuccessfulTime !== undefined && { lastSuccessfulTime }),
    ...(active !== undefined && { active }),
    conditions: toConditions([scheduleReady(facts)], status?.conditions, metadata.generation, now),
  };
}
