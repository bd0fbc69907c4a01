import type { KVBackupFields } from './kvbackup.gen.ts';
import { SCHEDULE_LABEL, STORED_FINALIZER } from './labels.ts';
import { API_VERSION, type KVBackup, type KVBackupSchedule } from './objects.ts';

/** What a KVBackup is created with; the API server adds defaults. */
export interface NewBackup {
  apiVersion: typeof API_VERSION;
  kind: 'KVBackup';
  metadata: { namespace: string; name: string; labels: Record<string, string> };
  spec: Partial<KVBackupFields['spec']>;
}

/** So much of a store's name is in those of its backups, which are at most 52 characters long. */
const STORE_PART = 28;

/**
 * The name of a backup that somebody asks for: `<store>-<yyyymmdd>-<hhmm>-<hex digits>`, in UTC. `random` is three bytes, so
 * that two of one minute differ.
 */
export function askedBackupName(store: string, time: Date, random: Uint8Array): string {
  const minute = minuteOf(time);
  const digits = Buffer.from(random).toString('hex');
  return `${store.slice(0, STORE_PART)}-${minute.slice(0, 8)}-${minute.slice(8)}-${digits}`;
}

/** The name of a schedule's backup for a time, in UTC: two schedulers that make it make one. */
export function scheduledBackupName(schedule: string, time: Date): string {
  return `${schedule}-${minuteOf(time)}`;
}

/** The backup of a schedule for a time, which is kept and counted as the schedule says. */
export function scheduledBackup(
  { metadata, spec }: Pick<KVBackupSchedule, 'metadata' | 'spec'>,
  time: Date,
): NewBackup {
  const { namespace, name } = metadata;
  const { storeRef, target, encryption } = spec;
  return {
    apiVersion: API_VERSION,
    kind: 'KVBackup',
    metadata: { namespace, name: scheduledBackupName(name, time), labels: { [SCHEDULE_LABEL]: name } },
    spec: { storeRef, ...(target && { target }), ...(encryption && { encryption }), deletionPolicy: 'Delete' },
  };
}

/**
 * The finalizers of a backup that is to be deleted with what it stored: without ours it would be gone before the operator
 * could see what is to become of its data. Undefined where it is being deleted, and none may be added.
 */
export function finalizersToDeleteStored({ metadata }: Pick<KVBackup, 'metadata'>): string[] | undefined {
  if (metadata.deletionTimestamp !== undefined) return undefined;
  return [...new Set([...(metadata.finalizers ?? []), STORED_FINALIZER])];
}

/** `yyyymmddhhmm`, in UTC. */
function minuteOf(time: Date): string {
  return time.toISOString().slice(0, 16).replaceAll(/[-T:]/g, '');
}
