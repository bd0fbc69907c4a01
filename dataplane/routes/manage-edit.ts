import type { KVStore } from '../../contract/objects.ts';
import { EditError } from '../directory/edit.ts';
import type { StoreEditor } from '../directory/store-editor.ts';
import type { StatusView } from '../manage/view.ts';
import { newSpec, type SpecPatch, specChanges, type Wish } from '../manage/wish.ts';
import type { Call } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import { answerTo, findStore, mayHaveStore, requireSite, type Site } from './manage-site.ts';
import { viewOf } from './manage-status.ts';

/** What a management call that writes answers. */
interface Done {
  success: true;
  message: string;
}

/** The same with the status of the store as it is now. */
export interface Edited extends Done {
  status: StatusView;
}

/** What is to become of the store that is there, or is not: a new one's spec, or fields to write, which may be none. */
export type Decide = (live: KVStore | undefined) => { create: SpecPatch } | { live: KVStore; write: SpecPatch };

/** Somebody else's writes are outrun so many times: the operator's status is one of them. */
const ATTEMPTS = 5;

/** Makes the project's store, wakes it, or writes what is asked for and differs. */
export async function enableStore(call: Call, wish: Wish): Promise<Edited> {
  const site = requireSite(call);
  if (!mayHaveStore(site.project)) {
    throw new ApiError('bad_request', 'project_id has 1 to 64 letters, digits, ".", "_" and "-", and is not reserved');
  }
  let message = '';
  const store = await edit(call, site, (live) => {
    if (!live) {
      message = 'KV is enabled; its store is being made';
      return { create: newSpec(site.project, wish, site.management) };
    }
    const changes = specChanges(live.spec, wish);
    const wakes = !live.spec.enabled;
    if (wakes) message = 'KV is enabled; its store is waking with its data';
    else message = isEmpty(changes) ? 'KV is enabled already' : 'KV is enabled already; its store is being changed';
    return { live, write: wakes ? { enabled: true, ...changes } : changes };
  });
  return { success: true, message, status: await viewOf(call, store) };
}

/** Writes what is asked for and differs; throws not_found where the project is not enabled. */
export async function updateStore(call: Call, wish: Wish): Promise<Edited> {
  let message = '';
  const store = await edit(call, requireSite(call), (found) => {
    const live = requireEnabled(found);
    const changes = specChanges(live.spec, wish);
    message = isEmpty(changes) ? 'the store is as asked for already' : 'the store is being changed';
    return { live, write: changes };
  });
  return { success: true, message, status: await viewOf(call, store) };
}

/** Hibernates the project's store; throws not_found where the project is not enabled. */
export async function disableStore(call: Call): Promise<Done> {
  await edit(call, requireSite(call), (found) => ({ live: requireEnabled(found), write: { enabled: false } }));
  return { success: true, message: 'KV is disabled; its data is kept, and enabling brings it back' };
}

function requireEnabled(live: KVStore | undefined): KVStore {
  if (live?.spec.enabled) return live;
  throw new ApiError('not_found', 'KV is not enabled for this project; use POST /api/kv/enable');
}

/** Reads the store, decides and writes, until nobody else has written between; the store as it is then. */
export async function edit(call: Call, site: Site, decide: Decide): Promise<KVStore> {
  const { editor } = site.management;
  for (let attempt = 1; ; attempt++) {
    try {
      const decision = decide(await findStore(site));
      const [store, written] =
        'create' in decision
          ? [await editor.create(site.name, decision.create), decision.create]
          : [await write(editor, decision.live, decision.write), decision.write];
      call.changed = fieldsOf(written);
      return store;
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      if (error.failure !== 'raced' || attempt === ATTEMPTS) throw answerTo(error, 'KVStore', editor.namespace);
    }
  }
}

async function write(editor: StoreEditor, live: KVStore, changes: SpecPatch): Promise<KVStore> {
  return isEmpty(changes) ? live : editor.patch(live, changes);
}

function fieldsOf(spec: SpecPatch): string[] {
  return Object.keys(spec).map((field) => `spec.${field}`);
}

function isEmpty(changes: SpecPatch): boolean {
  return Object.keys(changes).length === 0;
}
