import * as z from 'zod';
import type { KVStore } from '../../contract/objects.ts';
import { type StatusView, viewAbsent, viewStore } from '../manage/view.ts';
import type { Call } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import { requireKnown } from '../pipeline/project.ts';
import { mayHaveStore } from './manage-site.ts';

/** How long Redis is given to count keys; a status is not kept waiting by a store that is not well. */
const COUNT_MS = 500;

/** status.phase of a KVStore as the API shows it. */
export const phaseSchema = z
  .enum(['Pending', 'Progressing', 'Ready', 'Degraded', 'Hibernated'])
  .nullable()
  .describe('status.phase of the KVStore; Progressing until the operator has seen the last change');

/** Whether the token of a call may change the project over the API. */
export const manageableSchema = z
  .boolean()
  .describe('Whether this token may change the project, its store and its tokens over the API');

const conditionSchema = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  last_transition_time: z.string().describe('When status last changed, in UTC'),
});

const memberSchema = z.object({
  name: z.string().describe('Name of the pod'),
  role: z.enum(['Primary', 'Replica', 'Shard']).nullable().describe('null while it does not answer'),
  ready: z.boolean(),
  node: z.string().nullable().describe('Name of the node that it runs on'),
  linked: z.boolean().nullable().describe('Of a replica, whether it is connected to the primary'),
  lag_bytes: z.int().nullable().describe('Of a replica, roughly how many bytes it is behind the primary'),
  slots: z.int().nullable().describe('Of a shard, how many of the 16384 hash slots it has'),
});

const restoreSchema = z.object({
  phase: z
    .enum(['Fetching', 'Swapping', 'Loading', 'Completed', 'Failed'])
    .describe('Failed has left the data as it was; message says why'),
  keys: z.int().nullable().describe('Keys that Redis had when it had read the backup'),
  expected_keys: z.int().nullable().describe('Keys in the backup; those that expired meanwhile are not restored'),
  sha256: z.string().nullable().describe('SHA-256 of the data, in hex'),
  bytes: z.int().nullable().describe('Bytes of the data'),
  finished_at: z.iso.datetime().nullable(),
  message: z.string().nullable(),
});

/** How a project's store is. */
export const statusSchema = z.object({
  enabled: z.boolean().describe('false where the project has no store, or a hibernated one'),
  healthy: z.boolean().describe('Whether the store answers requests, as the operator last saw it'),
  version: z.string().nullable().describe('The version that Redis reports; until it runs, the one that was asked for'),
  docker_image: z.string().nullable().describe('The image that runs; until it runs, the one that was asked for'),
  project_id: z.string().nullable(),
  phase: phaseSchema,
  max_memory: z.string().nullable().describe("Memory for data, in Redis' units"),
  used_memory: z.int().nullable().describe("Redis' used_memory in bytes, to a twentieth of max_memory"),
  persistence: z.boolean().nullable(),
  keys: z.int().nullable().describe('How many keys there are; null where Redis does not say at once'),
  namespace: z.string().nullable().describe('Where the KVStore is; null where there is none'),
  name: z.string().nullable().describe('Name of the KVStore'),
  manageable: manageableSchema,
  reads: z
    .enum(['primary', 'cached', 'nearest'])
    .nullable()
    .describe('Where reads are answered from; spec.reads of the KVStore'),
  topology: z
    .object({ mode: z.enum(['Standalone', 'Replicated', 'Sharded']), members: z.int() })
    .nullable()
    .describe('What the store is made of now: one Redis, a primary with replicas, or a Redis Cluster'),
  members: z.array(memberSchema).describe('The Redis pods of a store that has several'),
  restore: restoreSchema.nullable().describe('The restore that was last begun; null where there was none'),
  plan: z.string().nullable().describe('spec.plan of the KVStore'),
  limits: z
    .object({
      requests_per_second: z.number().nullable(),
      burst: z.number().nullable().describe('Requests at once; null means those of one second'),
      tokens_per_month: z.string().nullable().describe('Tokens, a decimal number'),
    })
    .nullable()
    .describe('The limits in force, null where there is none'),
  conditions: z.array(conditionSchema).describe('status.conditions of the KVStore; docs/conditions.md says what to do'),
  requested: z
    .object({
      version: z.string().nullable(),
      docker_image: z.string().nullable(),
      max_memory: z.string(),
      persistence: z.boolean(),
      enabled: z.boolean(),
    })
    .nullable()
    .describe('What is asked for; until the operator has seen to it, something else may run'),
});

/** The status of the project that a call is about; throws not_found where the token reaches none of that name. */
export async function readStatus(call: Call): Promise<StatusView> {
  const { reach, token, named, services } = call;
  const store = reach.ref && services.directory.stores.get(reach.ref);
  if (store) return viewOf(call, store);
  // A token that is bound to a store which is not there; it knows of no project.
  if (token.type !== 'ApiKey') return viewAbsent(null, false);
  // Whoever may see every project may as well see that one has no store yet.
  if (token.role !== undefined && named !== undefined && mayHaveStore(named))
    return viewAbsent(named, manages(call, undefined));
  requireKnown(reach);
  throw new ApiError('not_found', 'there is no such project');
}

/** The status of a store that may have been written just now; its keys are counted where it serves. */
export async function viewOf(call: Call, store: KVStore): Promise<StatusView> {
  const { target, services } = call;
  const isServing = target !== undefined && target.uid === store.metadata.uid && store.spec.enabled;
  const keys = isServing ? await count(() => services.stores.open(target).size()) : null;
  return viewStore(store, { keys, manageable: manages(call, store.metadata.namespace) });
}

/** Whether a call's token may change, over the API, what is in that namespace, or a project that has no store yet. */
export function manages({ token, services: { management } }: Call, namespace: string | undefined): boolean {
  if (token.role !== 'SystemAdmin' || !management) return false;
  return namespace === undefined || namespace === management.editor.namespace;
}

async function count(size: () => Promise<number>): Promise<number | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), COUNT_MS);
  try {
    return await Promise.race([size().catch(() => null), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
