import { SCHEDULE_LABEL } from '../../contract/labels.ts';
import type { Condition, KVBackup, KVBackupSchedule } from '../../contract/objects.ts';
import { placeText } from './backup-place.ts';

/** A backup, as the management calls show it. */
export interface BackupView {
  name: string;
  state: 'pending' | 'running' | 'completed' | 'failed' | 'deleting';
  message: string | null;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  attempts: number;
  progress_bytes: number | null;
  size: number | null;
  keys: number | null;
  expiring_keys: number | null;
  sha256: string | null;
  shards: number | null;
  redis_version: string | null;
  encrypted: boolean | null;
  place: string | null;
  object: string | null;
  schedule: string | null;
  deletion_policy: 'Retain' | 'Delete';
}

/** A schedule of backups, as the management calls show it. */
export interface ScheduleView {
  name: string;
  schedule: string;
  time_zone: string;
  suspended: boolean;
  keep_count: number | null;
  keep_age: string | null;
  last_scheduled_at: string | null;
  last_successful_at: string | null;
  next_at: string | null;
  active: string | null;
  message: string | null;
}

/** The view of a backup. */
export function viewBackup({ metadata, spec, status = {} }: KVBackup): BackupView {
  const { phase = 'Pending', location } = status;
  return {
    name: metadata.name,
    state: metadata.deletionTimestamp ? 'deleting' : stateOf(status),
    message: trouble(status.conditions),
    created_at: timeOf(metadata.creationTimestamp) ?? metadata.creationTimestamp,
    started_at: timeOf(status.startedAt),
    completed_at: timeOf(status.completedAt),
    attempts: status.attempts ?? 0,
    progress_bytes: phase === 'Running' ? (status.progress?.bytes ?? 0) : null,
    size: status.size ?? null,
    keys: status.keys ?? null,
    expiring_keys: status.expiringKeys ?? null,
    sha256: status.sha256 ?? null,
    shards: status.shards ?? null,
    redis_version: status.redisVersion ?? null,
    encrypted: status.encrypted ?? null,
    place: location ? placeText(location.target as Parameters<typeof placeText>[0]) : null,
    object: location?.object ?? null,
    schedule: metadata.labels?.[SCHEDULE_LABEL] ?? null,
    deletion_policy: spec.deletionPolicy,
  };
}

/** The view of a schedule. */
export function viewSchedule({ metadata, spec, status = {} }: KVBackupSchedule): ScheduleView {
  // What is foretold is so by the spec that the operator has seen.
  const isSeen = status.observedGeneration === metadata.generation;
  return {
    name: metadata.name,
    schedule: spec.schedule,
    time_zone: spec.timeZone,
    suspended: spec.suspend,
    keep_count: spec.retention?.count ?? null,
    keep_age: spec.retention?.maxAge ?? null,
    last_scheduled_at: timeOf(status.lastScheduleTime),
    last_successful_at: timeOf(status.lastSuccessfulTime),
    next_at: isSeen ? timeOf(status.nextScheduleTime) : null,
    active: status.active ?? null,
    message: isSeen ? trouble(status.conditions) : null,
  };
}

/** Newest first; those of one second by name. */
export function newestFirst(a: KVBackup, b: KVBackup): number {
  const [x, y] = [a.metadata, b.metadata];
  return y.creationTimestamp.localeCompare(x.creationTimestamp) || x.name.localeCompare(y.name);
}

/** What was read back and is not what was sent has not come out, whatever was thought of it before. */
function stateOf({ phase = 'Pending', conditions }: NonNullable<KVBackup['status']>): BackupView['state'] {
  const isRefuted = conditions?.some(({ type, status }) => type === 'Verified' && status === 'False');
  return isRefuted ? 'failed' : (phase.toLowerCase() as Lowercase<typeof phase>);
}

function trouble(conditions: readonly Condition[] = []): string | null {
  return conditions.find(({ status }) => status !== 'True')?.message ?? null;
}

/** A time in the form that all of the API has. */
function timeOf(text: string | undefined): string | null {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
