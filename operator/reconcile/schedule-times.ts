import { Cron } from 'croner';
import type { KVBackupSchedule } from '../../contract/objects.ts';
import { isTimeZone } from '../../contract/time.ts';

/** The times of a schedule. */
export interface Times {
  /** The first one after `time`; undefined where there is none. */
  next(time: Date): Date | undefined;
  /** The last one at or before `time`. */
  last(time: Date): Date | undefined;
}

/** Why a schedule has no times. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
}

/**
 * Reads a schedule in its time zone. Where a clock goes forward over a time, it counts at the hour that comes; where a
 * clock goes back, a time of day counts once. Throws a `ScheduleError` where it is none.
 */
export function readTimes({ schedule, timeZone }: Pick<KVBackupSchedule['spec'], 'schedule' | 'timeZone'>): Times {
  if (!isTimeZone(timeZone))
    throw new ScheduleError(`spec.timeZone "${timeZone}" is not a time zone; use a name such as Europe/Berlin, or UTC`);
  let cron: Cron;
  try {
    cron = new Cron(schedule, { timezone: timeZone, mode: '5-part', paused: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ScheduleError(`spec.schedule "${schedule}" is not one; write for example "0 3 * * *" (${why})`);
  }
  return {
    next: (time) => cron.nextRun(time) ?? undefined,
    last(time) {
      const nextSecond = (Math.floor(time.getTime() / 1000) + 1) * 1000;
      return cron.previousRuns(1, new Date(nextSecond))[0];
    },
  };
}

/** What a schedule has to do with the present time. */
export interface Due {
  /** The time for which a backup is to be made now. */
  due?: Date;
  /** The last time that passed without a backup and is not made up for. */
  missed?: Date;
  next: Date | undefined;
}

/**
 * Whether a backup is due. Only what was promised in the status can be: a schedule that was changed or suspended since
 * makes up for nothing. Of several that were missed it is the last one, if it is not older than the deadline.
 */
export function dueNow(
  { metadata, spec, status }: Pick<KVBackupSchedule, 'metadata' | 'spec' | 'status'>,
  times: Times,
  now: Date,
): Due {
  const next = times.next(now);
  const isNew = status?.observedGeneration === undefined;
  const promised = isNew
    ? times.next(new Date(metadata.creationTimestamp))
    : promisedTime(status?.nextScheduleTime, times);
  if (!promised || promised > now) return { next };
  const last = times.last(now) ?? promised;
  const isLate = now.getTime() - last.getTime() > spec.startingDeadlineSeconds * 1000;
  return { ...(isLate ? { missed: last } : { due: last }), next };
}

/** The promised time, if it is still one of the schedule's. */
function promisedTime(text: string | undefined, times: Times): Date | undefined {
  const time = new Date(text ?? '');
  if (Number.isNaN(time.getTime())) return undefined;
  return times.next(new Date(time.getTime() - 1000))?.getTime() === time.getTime() ? time : undefined;
}
