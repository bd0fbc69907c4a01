import { segmentOf } from './connection.ts';
import type { CallOptions } from './options.ts';
import type { Call } from './request.ts';
import type {
  Backup,
  BackupCreated,
  BackupList,
  BackupPlace,
  BackupSchedule,
  BackupScheduleWritten,
} from './wire-backups.ts';
import type { Done } from './wire-management.ts';

type ProjectId = string | number;

/** A backup to be made: by default with a name of its own, and kept in its place when the backup is deleted. */
export interface BackupWish {
  projectId?: ProjectId | undefined;
  name?: string | undefined;
  deletionPolicy?: 'Retain' | 'Delete' | undefined;
}

/** A schedule to be written; what is absent is UTC, not suspended, and keeps every backup. */
export interface BackupScheduleWish {
  projectId?: ProjectId | undefined;
  /** Minute, hour, day of month, month and day of week as cron has them, or `@daily` and the like. */
  schedule: string;
  timeZone?: string | undefined;
  suspended?: boolean | undefined;
  keepCount?: number | undefined;
  /** Such as `720h` or `30d`. */
  keepAge?: string | undefined;
}

/** The calls about the backups of a project; `manage.restore` brings one back. */
export interface BackupCalls {
  /** The backups, newest first, and where further ones go. */
  list(projectId?: ProjectId, options?: CallOptions): Promise<BackupList>;
  get(name: string, projectId?: ProjectId, options?: CallOptions): Promise<Backup>;
  /** Asks for a backup now; `get` tells how far it is. */
  create(wish?: BackupWish, options?: CallOptions): Promise<BackupCreated>;
  /** `data` says what becomes of what is stored; as the backup's deletion policy says where absent. */
  delete(
    name: string,
    which?: { projectId?: ProjectId | undefined; data?: 'keep' | 'delete' | undefined },
    options?: CallOptions,
  ): Promise<Done>;
  /** Says where further backups go, in place of what was said before. */
  setPlace(place: BackupPlace, projectId?: ProjectId, options?: CallOptions): Promise<Done>;
  schedules: {
    list(projectId?: ProjectId, options?: CallOptions): Promise<{ schedules: BackupSchedule[] }>;
    /** Makes a schedule, or replaces the one of that name. */
    put(name: string, wish: BackupScheduleWish, options?: CallOptions): Promise<BackupScheduleWritten>;
    /** Its backups stay. */
    delete(name: string, projectId?: ProjectId, options?: CallOptions): Promise<Done>;
  };
}

/** Sends a call, and gives its answer. */
export type Ask = <T>(call: Omit<Call, 'options'>, options: CallOptions | undefined) => Promise<T>;

/** The calls about backups, sent by `ask`. */
export function createBackupCalls(ask: Ask): BackupCalls {
  const of = (projectId: ProjectId | undefined) => (projectId === undefined ? {} : { project_id: projectId });
  const backup = (name: string) => `/api/kv/backups/${segmentOf(name)}`;
  const schedule = (name: string) => `/api/kv/backup-schedules/${segmentOf(name)}`;
  const read = <T>(path: string, projectId: ProjectId | undefined, options: CallOptions | undefined) =>
    ask<T>({ method: 'GET', path, query: of(projectId), safety: 'read' }, options);

  return {
    list: (projectId, options) => read('/api/kv/backups', projectId, options),
    get: async (name, projectId, options) => read(backup(name), projectId, options),
    create({ projectId, name, deletionPolicy } = {}, options) {
      const body = JSON.stringify({ name, deletion_policy: deletionPolicy });
      return ask({ method: 'POST', path: '/api/kv/backups', query: of(projectId), body, safety: 'write' }, options);
    },
    async delete(name, { projectId, data } = {}, options) {
      const query = { ...of(projectId), data };
      return ask({ method: 'DELETE', path: backup(name), query, safety: 'write' }, options);
    },
    setPlace(place, projectId, options) {
      const body = JSON.stringify(place);
      return ask({ method: 'PUT', path: '/api/kv/backup-place', query: of(projectId), body, safety: 'write' }, options);
    },
    schedules: {
      list: (projectId, options) => read('/api/kv/backup-schedules', projectId, options),
      async put(name, { projectId, schedule: cron, timeZone, suspended, keepCount, keepAge }, options) {
        const wish = { schedule: cron, time_zone: timeZone, suspended, keep_count: keepCount, keep_age: keepAge };
        const body = JSON.stringify(wish);
        return ask({ method: 'PUT', path: schedule(name), query: of(projectId), body, safety: 'write' }, options);
      },
      async delete(name, projectId, options) {
        return ask({ method: 'DELETE', path: schedule(name), query: of(projectId), safety: 'write' }, options);
      },
    },
  };
}
