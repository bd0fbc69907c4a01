import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { KVBackup, KVStore } from '../../contract/objects.ts';
import { isRestoreOver } from '../../contract/restore.ts';
import { type PlaceView, placeSetting, replacing } from '../manage/backup-place.ts';
import { newSpec, type SpecPatch } from '../manage/wish.ts';
import { type Call, ok } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import type { Operation } from '../pipeline/operation.ts';
import { NAME_PATTERN, writing } from './manage-backup-edit.ts';
import { placeShape } from './manage-backups.ts';
import { doneSchema, managementCall } from './manage-common.ts';
import { type Edited, edit } from './manage-edit.ts';
import { findStore, mayHaveStore, requireSite, type Site } from './manage-site.ts';
import { statusSchema, viewOf } from './manage-status.ts';

const restoreBody = z.object({
  backup: z
    .string('backup must be a text')
    .regex(NAME_PATTERN, 'backup must be the name of a KVBackup')
    .optional()
    .describe('Name of a backup in the namespace of the store, which may be of another project'),
  object: z
    .string('object must be a text')
    .min(1, 'object must not be empty')
    .max(1024, 'object has at most 1024 characters')
    .optional()
    .describe('In place of backup: the path of a backup that was made elsewhere'),
  place: z.strictObject(placeShape).optional().describe('Where object is; where the backups of the store go if absent'),
  overwrite_data: z
    .boolean('overwrite_data must be true or false')
    .default(false)
    .describe('true confirms that the data that the store has may be replaced'),
});
type RestoreWish = z.infer<typeof restoreBody>;

/** `POST /api/kv/restore`: begins a restore. */
export const restore: Operation = {
  ...managementCall,
  id: 'restoreBackup',
  method: 'POST',
  path: '/api/kv/restore',
  summary: 'Restore a backup into the store of a project',
  description:
    'Makes the store where the project has none. Where it has one, its data stays and serves until the backup is fetched and found good; status tells how far it is.',
  access: 'system:admin',
  body: restoreBody,
  answer: doneSchema.extend({ status: statusSchema }),
  errors: ['not_found', 'conflict', 'store_unavailable'],
  run: async (call) => ok(JSON.stringify(await restoreStore(call, call.body.fields as RestoreWish))),
};

async function restoreStore(call: Call, wish: RestoreWish): Promise<Edited> {
  const site = requireSite(call);
  if (!mayHaveStore(site.project)) {
    throw new ApiError('bad_request', 'project_id has 1 to 64 letters, digits, ".", "_" and "-", and is not reserved');
  }
  if ((wish.backup === undefined) === (wish.object === undefined)) {
    throw new ApiError('bad_request', 'set exactly one of backup and object');
  }
  const backup = wish.backup === undefined ? undefined : await requireCompleted(site, wish.backup);
  if (wish.overwrite_data) await lift(call, site);
  const store = await edit(call, site, (live) => {
    const wanted = restoreFrom(wish, live);
    if (!live) {
      const shards = backup?.status?.shards;
      const spec = { ...newSpec(site.project, {}, site.management), ...(shards !== undefined && { shards }) };
      return { create: { ...spec, restoreFrom: wanted } };
    }
    if (!wish.overwrite_data) {
      const remedy = 'set overwrite_data to true to replace it by that of the backup';
      throw new ApiError('conflict', `the project has a store with data of its own; ${remedy}`);
    }
    return { live, write: { restoreFrom: replacing(live.spec.restoreFrom, wanted) } };
  });
  return { success: true, message: 'the restore is asked for', status: await viewOf(call, store) };
}

/** How long the operator may take to see that something is asked for no more, in ms, and how often that is looked at. */
const LIFT_MS = 10_000;
const LOOK_MS = 100;

/** Takes back what was asked for before and is over, and waits until the operator has seen it: only then can it be done again. */
async function lift(call: Call, site: Site): Promise<void> {
  for (const end = performance.now() + LIFT_MS; ; await sleep(LOOK_MS)) {
    const live = await writing(site, 'KVStore', () => findStore(site));
    if (!live || !isRestoreOver(live)) return;
    if (live.spec.restoreFrom) await edit(call, site, takeBack);
    else if ((live.status?.observedGeneration ?? 0) >= live.metadata.generation) return;
    if (performance.now() > end)
      throw new ApiError('store_unavailable', 'the operator has not seen yet that a restore is asked for; try again');
  }
}

function takeBack(live: KVStore | undefined): { live: KVStore; write: SpecPatch } {
  if (!live) throw new ApiError('conflict', 'the store was deleted meanwhile; try again to make it from the backup');
  return { live, write: isRestoreOver(live) && live.spec.restoreFrom ? { restoreFrom: null } : {} };
}

async function requireCompleted(site: Site, name: string): Promise<KVBackup> {
  const found = await writing(site, 'KVBackup', () => site.management.backups.backups.get(name));
  if (!found) throw new ApiError('not_found', `there is no KVBackup ${name} in ${site.management.editor.namespace}`);
  if (found.status?.phase === 'Completed' && !found.metadata.deletionTimestamp) return found;
  throw new ApiError('conflict', `the backup ${name} is not complete, or about to go; name one that is completed`);
}

function restoreFrom(wish: RestoreWish, live: KVStore | undefined): Record<string, unknown> {
  const { backup, object, overwrite_data: overwriteData } = wish;
  if (backup !== undefined) return { backupRef: { name: backup }, overwriteData };
  return { object: { path: object, ...placeOf(wish.place, live) }, overwriteData };
}

function placeOf(place: PlaceView | undefined, live: KVStore | undefined): object {
  if (place) {
    if ((place.s3 === undefined) !== (place.volume === undefined)) return placeSetting(place);
    throw new ApiError('bad_request', 'set exactly one of place.s3 and place.volume');
  }
  if (live?.spec.backup) return structuredClone(live.spec.backup);
  throw new ApiError('bad_request', 'say in place where the object is, since the store has no place for backups');
}
