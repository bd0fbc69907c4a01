import type { KVStore } from '../../contract/objects.ts';
import { claimedProject } from '../../contract/projects.ts';
import { EditError, type EditFailure, type StoreEditor } from '../directory/editor.ts';
import { storeNameOf } from '../manage/names.ts';
import type { StatusView } from '../manage/view.ts';
import { newSpec, type SpecPatch, specChanges, type Wish } from '../manage/wish.ts';
import type { Call, Management } from '../pipeline/call.ts';
import { ApiError, type ErrorCode } from '../pipeline/errors.ts';
import { mayHaveStore, viewOf } from './manage-status.ts';

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
type Decide = (live: KVStore | undefined) => { create: SpecPatch } | { live: KVStore; write: SpecPatch };

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

/** Where a call writes: throws forbidden where that is nowhere, or where the project's store is out of reach. */
interface Site {
  management: Management;
  project: string;
  name: string;
}

function requireSite({ services: { management }, reach, named }: Call): Site {
  if (!management) {
    const remedy = 'edit the KVStore itself, or set dataplane.management in the values of the chart';
    throw new ApiError('forbidden', `this installation writes no stores over the API; ${remedy}`);
  }
  // A key with the role has a default project, so one is named.
  const project = named ?? management.defaultProject;
  const { namespace } = management.editor;
  const { ref } = reach;
  if (ref && ref.namespace !== namespace) {
    const where = `KVStore ${ref.name} of the namespace ${ref.namespace}`;
    throw new ApiError('forbidden', `the project is served by the ${where}, which is to be edited there`);
  }
  return { management, project, name: ref?.name ?? storeNameOf(project) };
}

function requireEnabled(live: KVStore | undefined): KVStore {
  if (live?.spec.enabled) return live;
  throw new ApiError('not_found', 'KV is not enabled for this project; use POST /api/kv/enable');
}

/** Reads the store, decides and writes, until nobody else has written between; the store as it is then. */
async function edit(call: Call, { management, project, name }: Site, decide: Decide): Promise<KVStore> {
  const { editor } = management;
  for (let attempt = 1; ; attempt++) {
    try {
      // The directory may not know yet what another replica wrote a moment ago.
      const found = mayHaveStore(project) ? await editor.get(name) : undefined;
      if (found) requireOwn(found, project);
      const decision = decide(found);
      const [store, written] =
        'create' in decision
          ? [await editor.create(name, decision.create), decision.create]
          : [await write(editor, decision.live, decision.write), decision.write];
      call.changed = fieldsOf(written);
      return store;
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      if (error.failure !== 'raced' || attempt === ATTEMPTS) throw answerTo(error, editor.namespace);
    }
  }
}

async function write(editor: StoreEditor, live: KVStore, changes: SpecPatch): Promise<KVStore> {
  return isEmpty(changes) ? live : editor.patch(live, changes);
}

function requireOwn(live: KVStore, project: string): void {
  const { namespace, name, deletionTimestamp } = live.metadata;
  if (claimedProject(live) !== project) {
    const where = `KVStore ${name} of the namespace ${namespace}`;
    throw new ApiError('conflict', `the ${where} has the name for this project and serves another; rename that one`);
  }
  if (deletionTimestamp) throw new ApiError('conflict', 'the store is being deleted; try again when it is gone');
}

const CODES: Readonly<Record<EditFailure, ErrorCode>> = {
  refused: 'bad_request',
  forbidden: 'forbidden',
  raced: 'conflict',
  unavailable: 'store_unavailable',
};

function answerTo({ failure, message }: EditError, namespace: string): ApiError {
  const details: Readonly<Record<EditFailure, string>> = {
    refused: `the KVStore is refused: ${message.replace(/^KVStore\.cubby\.dev "[^"]*" is invalid: /, '')}`,
    forbidden: `the data plane may not write KVStores in the namespace ${namespace}: ${message}; the chart grants it where dataplane.management names that namespace`,
    raced: 'the store was changed by others at the same time; try again',
    unavailable: `the store cannot be written in the namespace ${namespace} now: ${message}`,
  };
  return new ApiError(CODES[failure], details[failure]);
}

function fieldsOf(spec: SpecPatch): string[] {
  return Object.keys(spec).map((field) => `spec.${field}`);
}

function isEmpty(changes: SpecPatch): boolean {
  return Object.keys(changes).length === 0;
}
