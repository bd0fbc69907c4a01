import * as z from 'zod';
import type { KVBackupSchedule } from '../../contract/objects.ts';
import { isTimeZone } from '../../contract/time.ts';
import type { AskedSchedule } from '../directory/backup-editor.ts';
import { replacing } from '../manage/backup-place.ts';
import { type ScheduleView, viewSchedule } from '../manage/backup-view.ts';
import { type Call, ok } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import type { Operation } from '../pipeline/operation.ts';
import { backedUp, reading, writing } from './manage-backup-edit.ts';
import { doneSchema, managementCall } from './manage-common.ts';
import { findStore, requireSite, type Site } from './manage-site.ts';

const timeSchema = z.iso.datetime();

/** What a schedule's name may be, so that its backups have room for their time in theirs. */
const NAME_PATTERN = /^[a-z0-9]([-a-z0-9]{0,37}[a-z0-9])?$/;

const scheduleSchema = z
  .object({
    name: z.string().describe('Name of the KVBackupSchedule'),
    schedule: z.string().describe('When backups begin, as cron has it'),
    time_zone: z.string().describe('Time zone of schedule, a name such as Europe/Berlin'),
    suspended: z.boolean().describe('Whether it makes no backups for now'),
    keep_count: z.int().nullable().describe('So many completed backups are kept; null for all'),
    keep_age: z.string().nullable().describe('Completed backups that are older are deleted; null for none'),
    last_scheduled_at: timeSchema.nullable().describe('The last time of the schedule that has passed'),
    last_successful_at: timeSchema.nullable().describe('When a backup of the schedule was last complete'),
    next_at: timeSchema.nullable().describe('When the next backup begins; null while suspended'),
    active: z.string().nullable().describe('Name of the backup that is being made'),
    message: z.string().nullable().describe('What stands against it, with the remedy'),
  } satisfies Record<keyof ScheduleView, z.ZodType>)
  .meta({ id: 'BackupSchedule' });

const putBody = z.object({
  schedule: z
    .string('schedule must be a text')
    .min(1, 'schedule must not be empty')
    .max(100, 'schedule has at most 100 characters')
    .describe(
      'Minute, hour, day of month, month and day of week as cron has them, or @hourly, @daily, @weekly, @monthly',
    ),
  time_zone: z
    .string('time_zone must be a text')
    .min(1, 'time_zone must not be empty')
    .max(64, 'time_zone has at most 64 characters')
    .refine(isTimeZone, 'time_zone must be a name such as Europe/Berlin, or UTC')
    .default('UTC')
    .describe('Time zone of schedule, a name such as Europe/Berlin'),
  suspended: z.boolean('suspended must be true or false').default(false),
  keep_count: z
    .int('keep_count must be a whole number')
    .min(1, 'keep_count must be at least 1')
    .max(1000, 'keep_count must be at most 1000')
    .optional()
    .describe('So many completed backups are kept; all where absent'),
  keep_age: z
    .string('keep_age must be a text')
    .regex(/^[1-9][0-9]{0,6}[hd]$/, 'keep_age must be hours or days, such as 720h or 30d')
    .optional()
    .describe('Completed backups that are older are deleted; none where absent'),
});

const getSchedules: Operation = {
  ...managementCall,
  id: 'listBackupSchedules',
  method: 'GET',
  path: '/api/kv/backup-schedules',
  summary: 'The backup schedules of a project',
  access: 'system:read',
  answer: z.object({ schedules: z.array(scheduleSchema) }),
  errors: ['project_required', 'not_found', 'store_unavailable'],
  run: async (call) => ok(JSON.stringify({ schedules: await listSchedules(call) })),
};

const putSchedule: Operation = {
  ...managementCall,
  id: 'putBackupSchedule',
  method: 'PUT',
  path: '/api/kv/backup-schedules/{name}',
  summary: 'Make a backup schedule for a project, or replace one',
  description:
    'Its backups go where the store says, and are deleted with what they stored when they are no longer kept.',
  access: 'system:admin',
  body: putBody,
  answer: doneSchema.extend({ schedule: scheduleSchema }),
  errors: ['not_found', 'conflict', 'store_unavailable'],
  run: async (call) => ok(JSON.stringify(await writeSchedule(call, call.body.fields as z.infer<typeof putBody>))),
};

const deleteSchedule: Operation = {
  ...managementCall,
  id: 'deleteBackupSchedule',
  method: 'DELETE',
  path: '/api/kv/backup-schedules/{name}',
  summary: 'Delete a backup schedule of a project; its backups stay',
  access: 'system:admin',
  body: z.object({}),
  answer: doneSchema,
  errors: ['not_found', 'conflict', 'store_unavailable'],
  run: async (call) => ok(JSON.stringify(await removeSchedule(call))),
};

/** The calls about the backup schedules of a project. */
export const manageSchedules: readonly Operation[] = [getSchedules, putSchedule, deleteSchedule];

async function listSchedules(call: Call): Promise<ScheduleView[]> {
  const { store } = backedUp(call);
  const found = await reading(() => call.services.backups.schedules(store));
  return found.map(viewSchedule).sort((a, b) => a.name.localeCompare(b.name));
}

async function writeSchedule(call: Call, wish: z.infer<typeof putBody>) {
  const site = requireSite(call);
  const name = call.key;
  if (!NAME_PATTERN.test(name)) {
    throw new ApiError(
      'bad_request',
      'the name has 1 to 39 lower-case letters, digits and "-", and neither begins nor ends with "-"',
    );
  }
  const written = await writing(site, 'KVBackupSchedule', async () => {
    const store = await findStore(site);
    if (!store) throw new ApiError('not_found', 'the project has no store; make one with POST /api/kv/enable');
    if (!store.spec.backup) {
      throw new ApiError('conflict', 'the store does not say where backups go; say so with PUT /api/kv/backup-place');
    }
    const { schedules } = site.management.backups;
    const asked = askedSchedule(site, wish);
    const live = await schedules.get(name);
    if (!live) return schedules.create(name, asked);
    if (live.spec.storeRef.name !== site.name) {
      throw new ApiError('conflict', `there is a KVBackupSchedule ${name} of another store; choose another name`);
    }
    // What the API knows nothing of, such as a target of its own, stays as it is.
    const retention = asked.retention ? replacing(live.spec.retention, asked.retention) : null;
    return schedules.patch(live, { ...asked, retention });
  });
  call.changed = [`KVBackupSchedule ${name}`];
  const message = wish.suspended ? 'the schedule is written, and suspended' : 'the schedule is written';
  return { success: true, message, schedule: viewSchedule(written) } as const;
}

async function removeSchedule(call: Call) {
  const site = requireSite(call);
  await writing(site, 'KVBackupSchedule', async () => {
    const { schedules } = site.management.backups;
    const found = NAME_PATTERN.test(call.key) ? await schedules.get(call.key) : undefined;
    if (found?.spec.storeRef.name !== site.name) throw noSchedule();
    await findStore(site);
    await schedules.remove(found as KVBackupSchedule);
  });
  call.changed = [`KVBackupSchedule ${call.key}`];
  return { success: true, message: 'the schedule is deleted; its backups stay' } as const;
}

function askedSchedule(site: Site, wish: z.infer<typeof putBody>): AskedSchedule {
  const { schedule, time_zone, suspended, keep_count, keep_age } = wish;
  const retention = {
    ...(keep_count !== undefined && { count: keep_count }),
    ...(keep_age !== undefined && { maxAge: keep_age }),
  };
  return {
    storeRef: { name: site.name },
    schedule,
    timeZone: time_zone,
    suspend: suspended,
    ...(Object.keys(retention).length > 0 && { retention }),
  };
}

function noSchedule(): ApiError {
  return new ApiError('not_found', 'the project has no backup schedule of that name');
}
