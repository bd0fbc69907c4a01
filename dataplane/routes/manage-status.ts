import * as z from 'zod';
import type { KVStore } from '../../contract/objects.ts';
import { LEDGER, PROJECT_ID_PATTERN } from '../../contract/projects.ts';
import { type StatusView, viewAbsent, viewStore } from '../manage/view.ts';
import type { Call } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import { requireKnown } from '../pipeline/project.ts';

/** How long Redis is given to count keys; a status is not kept waiting by a store that is not well. */
const COUNT_MS = 500;

/** How a project's store is. */
export const statusSchema = z.object({
  enabled: z.boolean().describe('false where the project has no store, or a hibernated one'),
  healthy: z.boolean().describe('Whether the store answers requests, as the operator last saw it'),
  version: z.string().nullable().describe('The version that Redis reports; until it runs, the one that was asked for'),
  docker_image: z.string().nullable().describe('The image that runs; until it runs, the one that was asked for'),
  project_id: z.string().nullable(),
  phase: z
    .enum(['Pending', 'Progressing', 'Ready', 'Degraded', 'Hibernated'])
    .nullable()
    .describe('status.phase of the KVStore; Progressing until the operator has seen the last change'),
  max_memory: z.string().nullable().describe("Memory for data, in Redis' units"),
  used_memory: z.int().nullable().describe("Redis' used_memory in bytes, to a twentieth of max_memory"),
  persistence: z.boolean().nullable(),
  keys: z.int().nullable().describe('How many keys there are; null where Redis does not say at once'),
});

/** The status of the project that a call is about; throws not_found where the token reaches none of that name. */
export async function readStatus(call: Call): Promise<StatusView> {
  const { reach, token, named, services } = call;
  const store = reach.ref && services.directory.stores.get(reach.ref);
  if (store) return viewOf(call, store);
  // A token that is bound to a store which is not there; it knows of no project.
  if (token.type !== 'ApiKey') return viewAbsent(null);
  // Whoever may see every project may as well see that one has no store yet.
  if (token.role !== undefined && named !== undefined && mayHaveStore(named)) return viewAbsent(named);
  requireKnown(reach);
  throw new ApiError('not_found', 'there is no such project');
}

/** The status of a store that may have been written just now; its keys are counted where it serves. */
export async function viewOf({ target, services }: Call, store: KVStore): Promise<StatusView> {
  const isServing = target !== undefined && target.uid === store.metadata.uid && store.spec.enabled;
  return viewStore(store, isServing ? await count(() => services.stores.open(target).size()) : null);
}

/** Whether a project of that id can be enabled. */
export function mayHaveStore(project: string): boolean {
  return PROJECT_ID_PATTERN.test(project) && project !== LEDGER.projectId;
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
