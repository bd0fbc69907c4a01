import type { Verdict } from './finding.ts';

/** Why a schedule makes backups or not. */
export type ScheduleReason =
  | 'Scheduled'
  | 'Suspended'
  | 'ScheduleInvalid'
  | 'StoreNotFound'
  | 'StoreHibernated'
  | 'TargetMissing'
  | 'LastBackupFailed';

/** What the condition of a schedule is made from. */
export interface ScheduleFacts {
  suspended: boolean;
  /** Why the schedule has no times. */
  invalid: string | undefined;
  /** Why no backup can be made now. */
  obstacle:
    | { reason: Exclude<ScheduleReason, 'Scheduled' | 'Suspended' | 'ScheduleInvalid'>; message: string }
    | undefined;
  /** RFC 3339; undefined where no time comes. */
  next: string | undefined;
}

/** Whether backups are made as the schedule says. */
export function scheduleReady({ suspended, invalid, obstacle, next }: ScheduleFacts): Verdict<ScheduleReason> {
  const not = (reason: ScheduleReason, message: string) =>
    ({ type: 'Ready', status: 'False', reason, message }) as const;
  if (invalid !== undefined) return not('ScheduleInvalid', invalid);
  if (suspended) return not('Suspended', 'no backups are made; spec.suspend: false goes on with the next time');
  if (next === undefined) return not('ScheduleInvalid', 'spec.schedule names no time that ever comes');
  if (obstacle) return not(obstacle.reason, obstacle.message);
  return { type: 'Ready', status: 'True', reason: 'Scheduled', message: `the next backup begins at ${next}` };
}
