import { randomBytes } from 'node:crypto';
import { askedBackupName, finalizersToDeleteStored } from '../../contract/new-backup.ts';
import type { KVBackup } from '../../contract/objects.ts';
import { claimedProject } from '../../contract/projects.ts';
import { EditError } from '../directory/edit.ts';
import type { StoreRef } from '../directory/stores.ts';
import { type PlaceView, placeSetting, replacing, viewPlace } from '../manage/backup-place.ts';
import { type BackupView, newestFirst, viewBackup } from '../manage/backup-view.ts';
import { storeNameOf } from '../manage/names.ts';
import type { Call } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import { requireKnown } from '../pipeline/project.ts';
import { edit } from './manage-edit.ts';
import { answerTo, findStore, type Kind, requireSite, type Site } from './manage-site.ts';

/** What a backup is to be. */
export interface BackupWish {
  /** Absent: one is made up. */
  name?: string | undefined;
  deletion_policy: KVBackup['spec']['deletionPolicy'];
}

/** What a call that wrote a backup answers. */
export interface BackupDone {
  success: true;
  message: string;
  backup: BackupView;
}

/** A name that a KVBackup and a KVBackupSchedule may have; any other is none that there is. */
export const NAME_PATTERN = /^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/;

/** The backups of the project that a call is about, newest first, and where further ones go; null where that is not said. */
export async function listBackups(call: Call): Promise<{ backups: BackupView[]; place: PlaceView | null }> {
  const found = (await ofProject(call)).sort(newestFirst).map(viewBackup);
  const { ref } = call.reach;
  const setting = ref && call.services.directory.stores.get(ref)?.spec.backup;
  return { backups: found, place: setting ? viewPlace(setting) : null };
}

/** One of them; throws not_found where the project has none of that name. */
export async function readBackup(call: Call): Promise<BackupView> {
  const found = (await ofProject(call)).find(({ metadata }) => metadata.name === call.key);
  if (!found) throw noBackup();
  return viewBackup(found);
}

/** Asks for a backup of the project's store. */
export async function createBackup(call: Call, { name, deletion_policy }: BackupWish): Promise<BackupDone> {
  const site = requireSite(call);
  const made = await writing(site, 'KVBackup', async () => {
    const store = await findStore(site);
    if (!store) throw new ApiError('not_found', 'the project has no store; make one with POST /api/kv/enable');
    if (!store.spec.backup) {
      throw new ApiError('conflict', 'the store does not say where backups go; say so with PUT /api/kv/backup-place');
    }
    const { backups } = site.management.backups;
    const asked = { storeRef: { name: site.name }, deletionPolicy: deletion_policy };
    try {
      return await backups.create(
        name ?? askedBackupName(site.name, new Date(call.services.now()), randomBytes(3)),
        asked,
      );
    } catch (error) {
      if (!(error instanceof EditError) || error.failure !== 'raced') throw error;
      throw new ApiError('conflict', `there is a KVBackup ${name} already; choose another name`);
    }
  });
  call.changed = [`KVBackup ${made.metadata.name}`];
  return { success: true, message: 'the backup is asked for', backup: viewBackup(made) };
}

/** Removes a backup of the project; `data` says what becomes of what is stored, in place of what the backup says. */
export async function deleteBackup(call: Call, data: 'keep' | 'delete' | undefined) {
  const site = requireSite(call);
  const deletionPolicy = data && ({ keep: 'Retain', delete: 'Delete' } as const)[data];
  const policy = await writing(site, 'KVBackup', async () => {
    const { backups } = site.management.backups;
    const found = NAME_PATTERN.test(call.key) ? await backups.get(call.key) : undefined;
    if (!found || !isOf(found, site)) throw noBackup();
    const differs = deletionPolicy !== undefined && deletionPolicy !== found.spec.deletionPolicy;
    const finalizers = deletionPolicy === 'Delete' ? finalizersToDeleteStored(found) : undefined;
    const wanted = differs ? await backups.patch(found, { deletionPolicy }, finalizers) : found;
    await backups.remove(wanted);
    return wanted.spec.deletionPolicy;
  });
  call.changed = [`KVBackup ${call.key}`];
  const message =
    policy === 'Delete'
      ? 'the backup is being deleted with what it stored'
      : 'the backup is deleted; what it stored is kept';
  return { success: true, message } as const;
}

/** Writes where the backups of the project's store go, in place of what was there. */
export async function setPlace(call: Call, place: PlaceView): Promise<{ success: true; message: string }> {
  if ((place.s3 === undefined) === (place.volume === undefined)) {
    throw new ApiError('bad_request', 'set exactly one of s3 and volume');
  }
  await edit(call, requireSite(call), (live) => {
    if (!live) throw new ApiError('not_found', 'the project has no store; make one with POST /api/kv/enable');
    const wanted = placeSetting(place, live.spec.backup);
    return { live, write: { backup: replacing(live.spec.backup, wanted) } };
  });
  return { success: true, message: 'further backups go there' };
}

/** The store whose backups a call is about, which may be gone; throws not_found where the token reaches none of that name. */
export function backedUp(call: Call): { store: StoreRef; project: string } {
  const { reach, token, named, services } = call;
  const known = reach.ref && services.directory.stores.get(reach.ref);
  if (reach.ref && known) return { store: reach.ref, project: claimedProject(known) };
  const { management } = services;
  // Backups outlive their store, and whoever may see every project may see them.
  if (token.role !== undefined && named !== undefined && management) {
    return { store: { namespace: management.editor.namespace, name: storeNameOf(named) }, project: named };
  }
  requireKnown(reach);
  throw new ApiError('not_found', 'there is no such project');
}

/** What `read` finds; throws store_unavailable where the API server does not answer, or forbids it. */
export async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    throw new ApiError('store_unavailable', `the backups cannot be read now: ${error.message}`);
  }
}

/** What `write` comes to; an EditError becomes what the client gets to know. */
export async function writing<T>(site: Site, kind: Kind, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw error instanceof EditError ? answerTo(error, kind, site.management.editor.namespace) : error;
  }
}

async function ofProject(call: Call): Promise<KVBackup[]> {
  const { store, project } = backedUp(call);
  const found = await reading(() => call.services.backups.backups(store));
  // An earlier store of that name may have served another project.
  return found.filter(({ status }) => (status?.source?.projectId ?? project) === project);
}

function isOf({ spec, status }: KVBackup, { name, project }: Site): boolean {
  return spec.storeRef.name === name && (status?.source?.projectId ?? project) === project;
}

function noBackup(): ApiError {
  return new ApiError('not_found', 'the project has no backup of that name');
}
