import * as z from 'zod';
import type { PlaceView } from '../manage/backup-place.ts';
import type { BackupView } from '../manage/backup-view.ts';
import { ok } from '../pipeline/call.ts';
import type { Operation } from '../pipeline/operation.ts';
import {
  type BackupWish,
  createBackup,
  deleteBackup,
  listBackups,
  NAME_PATTERN,
  readBackup,
  setPlace,
} from './manage-backup-edit.ts';
import { doneSchema, managementCall } from './manage-common.ts';

const timeSchema = z.iso.datetime();

const backupSchema = z
  .object({
    name: z.string().describe('Name of the KVBackup'),
    state: z
      .enum(['pending', 'running', 'completed', 'failed', 'deleting'])
      .describe('completed is whole and stored; of the others, message says why'),
    message: z.string().nullable().describe('What the backup waits for or stands against it, with the remedy'),
    created_at: timeSchema,
    started_at: timeSchema.nullable(),
    completed_at: timeSchema.nullable(),
    attempts: z.int().describe('How often it was begun'),
    progress_bytes: z.int().nullable().describe('Bytes that were sent so far; null unless it runs'),
    size: z.int().nullable().describe('Bytes of the data'),
    keys: z.int().nullable().describe('Keys in the data'),
    expiring_keys: z.int().nullable().describe('Keys in the data that expire'),
    sha256: z.string().nullable().describe('SHA-256 of the data before encryption, in hex'),
    shards: z
      .int()
      .nullable()
      .describe(
        'How many shards the store has whose data it is, each in a part of its own; null of a store of one Redis',
      ),
    redis_version: z.string().nullable().describe('The Redis that made the data; an older one may not read it'),
    encrypted: z.boolean().nullable(),
    place: z.string().nullable().describe('Where it went, such as s3://bucket/prefix'),
    object: z.string().nullable().describe('Its path there, which restores it in another cluster'),
    schedule: z.string().nullable().describe('Name of the schedule that made it; null where somebody asked for it'),
    deletion_policy: z.enum(['Retain', 'Delete']).describe('Whether what is stored is deleted with the backup'),
  } satisfies Record<keyof BackupView, z.ZodType>)
  .meta({ id: 'Backup' });

const nameOf = (what: string) => z.string(`${what} must be a text`).min(1, `${what} must not be empty`);

/** Where backups go; exactly one of s3 and volume. */
export const placeShape = {
  s3: z
    .strictObject({
      bucket: nameOf('s3.bucket').max(63).describe('Name of the bucket, which must exist'),
      credentials_secret: nameOf('s3.credentials_secret')
        .max(253)
        .describe('Name of a Secret beside the store, with the keys accessKeyId and secretAccessKey'),
      endpoint: nameOf('s3.endpoint').max(512).optional().describe("Address of the service; absent means Amazon's own"),
      region: nameOf('s3.region').max(64).optional().describe('us-east-1 where absent'),
      prefix: nameOf('s3.prefix').max(512).optional().describe('What the names of all objects begin with, as a folder'),
      force_path_style: z.boolean().optional().describe('Names the bucket in the path and not in the host name'),
      server_side_encryption: z.enum(['AES256', 'aws:kms']).optional().describe('Encryption by the service'),
      kms_key_id: nameOf('s3.kms_key_id').max(2048).optional(),
      ca_secret: nameOf('s3.ca_secret').max(253).optional().describe('Name of a Secret with ca.crt of the endpoint'),
    })
    .optional()
    .describe("A bucket of any service that speaks Amazon S3's protocol"),
  volume: z
    .strictObject({
      claim_name: nameOf('volume.claim_name').max(253).describe('Name of a claim beside the store, which must exist'),
      path: nameOf('volume.path').max(512).optional().describe('A folder on it; its root where absent'),
    })
    .optional()
    .describe('A volume claim'),
  encryption_secret: nameOf('encryption_secret')
    .max(253)
    .optional()
    .describe('Name of a Secret beside the store whose key identity holds an age identity; absent encrypts nothing'),
} satisfies Record<keyof PlaceView, z.ZodType>;

const createBody = z.object({
  name: z
    .string('name must be a text')
    .regex(NAME_PATTERN, 'name has 1 to 52 lower-case letters, digits and "-", and neither begins nor ends with "-"')
    .optional()
    .describe('Name of the KVBackup; one is made up where it is absent'),
  deletion_policy: z
    .enum(['Retain', 'Delete'], 'deletion_policy must be Retain or Delete')
    .default('Retain')
    .describe('Whether what is stored is deleted with the backup'),
});

const deleteQuery = z.object({
  data: z
    .enum(['keep', 'delete'], 'data must be keep or delete')
    .optional()
    .describe('What becomes of what is stored; as deletion_policy says where absent'),
});

const getBackups: Operation = {
  ...managementCall,
  id: 'listBackups',
  method: 'GET',
  path: '/api/kv/backups',
  summary: 'The backups of a project',
  description: 'Newest first. Backups outlive their store: keys with a role see those of a project that has none.',
  access: 'system:read',
  answer: z.object({
    backups: z.array(backupSchema),
    place: z.object(placeShape).nullable().describe('Where further backups go; null where the store does not say'),
  }),
  errors: ['project_required', 'not_found', 'store_unavailable'],
  run: async (call) => ok(JSON.stringify(await listBackups(call))),
};

const getBackup: Operation = {
  ...managementCall,
  id: 'getBackup',
  method: 'GET',
  path: '/api/kv/backups/{name}',
  summary: 'One backup of a project',
  access: 'system:read',
  answer: backupSchema,
  errors: ['project_required', 'not_found', 'store_unavailable'],
  run: async (call) => ok(JSON.stringify(await readBackup(call))),
};

const postBackup: Operation = {
  ...managementCall,
  id: 'createBackup',
  method: 'POST',
  path: '/api/kv/backups',
  summary: 'Back the store of a project up now',
  description: 'Answers when it is asked for; GET /api/kv/backups/{name} tells how far it is.',
  access: 'system:admin',
  body: createBody,
  answer: doneSchema.extend({ backup: backupSchema }),
  errors: ['not_found', 'conflict', 'store_unavailable'],
  run: async (call) => ok(JSON.stringify(await createBackup(call, call.body.fields as unknown as BackupWish))),
};

const removeBackup: Operation = {
  ...managementCall,
  id: 'deleteBackup',
  method: 'DELETE',
  path: '/api/kv/backups/{name}',
  summary: 'Delete a backup of a project',
  access: 'system:admin',
  query: deleteQuery,
  body: z.object({}),
  answer: doneSchema,
  errors: ['not_found', 'conflict', 'store_unavailable'],
  run: async (call) => {
    const { data } = call.query as z.infer<typeof deleteQuery>;
    return ok(JSON.stringify(await deleteBackup(call, data)));
  },
};

const putPlace: Operation = {
  ...managementCall,
  id: 'setBackupPlace',
  method: 'PUT',
  path: '/api/kv/backup-place',
  summary: 'Say where the backups of a project go',
  description: 'Replaces spec.backup of the KVStore. Backups that there are stay where they are.',
  access: 'system:admin',
  body: z.object(placeShape),
  answer: doneSchema,
  errors: ['not_found', 'conflict', 'store_unavailable'],
  run: async (call) => ok(JSON.stringify(await setPlace(call, call.body.fields as PlaceView))),
};

/** The calls about the backups of a project. */
export const manageBackups: readonly Operation[] = [getBackups, postBackup, getBackup, removeBackup, putPlace];
