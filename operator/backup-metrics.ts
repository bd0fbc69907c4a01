import { Gauge, type Registry } from 'prom-client';
import type { KVBackup, KVBackupSchedule } from '../contract/objects.ts';
import { readTimes } from './reconcile/schedule-times.ts';

/** What the metrics of backups are read from: those of this operator's shard. */
export interface BackupSources {
  backups: () => readonly KVBackup[];
  schedules: () => readonly KVBackupSchedule[];
  /** The wall clock, in ms. */
  now: () => number;
}

/** Adds the metrics of backups. No label carries a tenant's name. */
export function addBackupMetrics(registry: Registry, { backups, schedules, now }: BackupSources): void {
  const registers = [registry];
  new Gauge({
    name: 'cubby_backups',
    help: 'KVBackups by phase and by the reason of their condition Complete',
    labelNames: ['phase', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const { status } of backups()) {
        const reason = status?.conditions?.find(({ type }) => type === 'Complete')?.reason ?? '';
        this.inc({ phase: status?.phase ?? 'Pending', reason });
      }
    },
  });
  new Gauge({
    name: 'cubby_backup_schedules',
    help: 'KVBackupSchedules by the reason of their condition Ready',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const schedule of schedules()) this.inc({ reason: readyOf(schedule)?.reason ?? '' });
    },
  });
  new Gauge({
    name: 'cubby_backup_success_age_seconds',
    help: 'Since the last complete backup of the schedule for which that is longest ago, of those that are to make any',
    registers,
    collect() {
      const ages = schedules()
        .filter(isToRun)
        .map((schedule) => (now() - lastSuccess(schedule)) / 1000);
      this.set(Math.max(0, ...ages));
    },
  });
  new Gauge({
    name: 'cubby_backup_overdue_seconds',
    help: 'Since the first time of a schedule for which there is no complete backup, of the schedule for which that is longest ago',
    registers,
    collect() {
      this.set(Math.max(0, ...schedules().map((schedule) => overdueSeconds(schedule, now()))));
    },
  });
}

const readyOf = ({ status }: KVBackupSchedule) => status?.conditions?.find(({ type }) => type === 'Ready');

/** A hibernated store's data does not change: its last backup stands. */
function isToRun(schedule: KVBackupSchedule): boolean {
  return !schedule.spec.suspend && readyOf(schedule)?.reason !== 'StoreHibernated';
}

function lastSuccess({ metadata, status }: KVBackupSchedule): number {
  return Date.parse(status?.lastSuccessfulTime ?? metadata.creationTimestamp);
}

/** How long a schedule has owed a backup; 0 where it owes none. One that goes on after a pause owes what comes then. */
function overdueSeconds(schedule: KVBackupSchedule, nowMs: number): number {
  if (!isToRun(schedule)) return 0;
  const ready = readyOf(schedule);
  const resumed = ready?.status === 'True' ? Date.parse(ready.lastTransitionTime) : 0;
  try {
    const owed = readTimes(schedule.spec).next(new Date(Math.max(lastSuccess(schedule), resumed)));
    return owed ? Math.max(0, (nowMs - owed.getTime()) / 1000) : 0;
  } catch {
    return 0; // no schedule: its condition tells
  }
}
