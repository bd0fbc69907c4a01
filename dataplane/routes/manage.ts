import * as z from 'zod';
import { quantityOf, REDIS_MEMORY_PATTERN } from '../manage/memory.ts';
import type { Wish } from '../manage/wish.ts';
import { type Answer, type Call, ok } from '../pipeline/call.ts';
import type { Operation } from '../pipeline/operation.ts';
import { doneSchema, managementCall } from './manage-common.ts';
import { disableStore, enableStore, updateStore } from './manage-edit.ts';
import { readStatus, statusSchema } from './manage-status.ts';
import { listProjects, listVersions } from './projects.ts';

/** What a management call may set. */
const wishShape = {
  docker_image: z
    .string('docker_image must be a text')
    .min(1, 'docker_image must not be empty')
    .max(512, 'docker_image has at most 512 characters')
    .optional()
    .describe('Container image in place of that of the version, as in spec.image of the KVStore'),
  version: z
    .string('version must be a text')
    .regex(/^[0-9]+\.[0-9]+(\.[0-9]+)?$/, 'version must be a Redis version such as "8.0"')
    .optional()
    .describe('Redis version, a name in the version catalogue of the installation'),
  max_memory: z
    .string('max_memory must be a text')
    .regex(REDIS_MEMORY_PATTERN, 'max_memory must be an amount as Redis writes it, such as "256mb"')
    .optional()
    .describe('Memory for data, in the units of redis.conf: kb, mb and gb count in 1024, k, m and g in 1000'),
  persistence: z
    .boolean('persistence must be true or false')
    .optional()
    .describe('Whether data outlives Redis; chosen when the store is made, true where absent'),
};
const wishBody = z.object(wishShape);

const editedSchema = doneSchema.extend({ status: statusSchema });

const getStatus: Operation = {
  ...managementCall,
  id: 'getStatus',
  method: 'GET',
  path: '/api/kv/status',
  summary: 'How the store of a project is',
  description:
    'For tokens of the project, and for API keys with the role SystemRead or SystemAdmin, which may name any project.',
  access: 'system:read',
  answer: statusSchema,
  errors: ['project_required', 'not_found'],
  run: async (call) => answer(await readStatus(call)),
};

const enableKv: Operation = {
  ...managementCall,
  id: 'enableKv',
  method: 'POST',
  path: '/api/kv/enable',
  summary: 'Make the store of a project, or wake it with its data',
  description: 'May be repeated: a store that is enabled already is changed where another setting is asked for.',
  access: 'system:admin',
  body: wishBody,
  answer: editedSchema,
  errors: ['conflict', 'store_unavailable'],
  run: async (call) => answer(await enableStore(call, readWish(call))),
};

const updateKv: Operation = {
  ...managementCall,
  id: 'updateKv',
  method: 'PATCH',
  path: '/api/kv/update',
  summary: 'Change the store of a project',
  description: 'What is absent stays as it is. Not for a hibernated store: enable takes the same fields.',
  access: 'system:admin',
  body: wishBody,
  answer: editedSchema,
  errors: ['not_found', 'conflict', 'store_unavailable'],
  run: async (call) => answer(await updateStore(call, readWish(call))),
};

const disableKv: Operation = {
  ...managementCall,
  id: 'disableKv',
  method: 'DELETE',
  path: '/api/kv/disable',
  summary: 'Hibernate the store of a project, which keeps its data',
  access: 'system:admin',
  body: z.object({}),
  answer: doneSchema,
  errors: ['not_found', 'conflict', 'store_unavailable'],
  run: async (call) => answer(await disableStore(call)),
};

/** The calls that read and write the KVStores behind projects. */
export const manage: readonly Operation[] = [listProjects, listVersions, getStatus, enableKv, updateKv, disableKv];

function readWish({ body }: Call): Wish {
  const { docker_image, version, max_memory, persistence } = body.fields as z.infer<typeof wishBody>;
  const memory = max_memory === undefined ? undefined : quantityOf(max_memory);
  return { dockerImage: docker_image, version, memory, persistence };
}

function answer(json: object): Answer {
  return ok(JSON.stringify(json));
}
