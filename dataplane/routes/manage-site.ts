import type { KVStore } from '../../contract/objects.ts';
import { claimedProject, LEDGER, PROJECT_ID_PATTERN } from '../../contract/projects.ts';
import type { EditError, EditFailure } from '../directory/edit.ts';
import { storeNameOf } from '../manage/names.ts';
import type { Call, Management } from '../pipeline/call.ts';
import { ApiError, type ErrorCode } from '../pipeline/errors.ts';

/** Where a management call writes. */
export interface Site {
  management: Management;
  project: string;
  /** The KVStore of the project, which may not be there yet. */
  name: string;
}

/** Throws forbidden where a call can write nowhere, or where the project's store is out of its reach. */
export function requireSite({ services: { management }, reach, named }: Call): Site {
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

/** Whether a project of that id can be enabled. */
export function mayHaveStore(project: string): boolean {
  return PROJECT_ID_PATTERN.test(project) && project !== LEDGER.projectId;
}

/**
 * The store of the site as the API server has it now, which the directory may not know yet when another replica wrote it;
 * throws conflict where what has its name is not the project's, or about to go.
 */
export async function findStore({ management, project, name }: Site): Promise<KVStore | undefined> {
  const found = mayHaveStore(project) ? await management.editor.get(name) : undefined;
  if (found) requireOwn(found, project);
  return found;
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

/** What the management calls write. */
export type Kind = 'KVStore' | 'KVToken' | 'KVBackup' | 'KVBackupSchedule';

/** What the client gets to know where an object of that kind was not written. */
export function answerTo({ failure, message }: EditError, kind: Kind, namespace: string): ApiError {
  const details: Readonly<Record<EditFailure, string>> = {
    refused: `the ${kind} is refused: ${message.replace(/^KV\w+\.cubby\.dev "[^"]*" is invalid: /, '')}`,
    forbidden: `the data plane may not write ${kind}s in the namespace ${namespace}: ${message}; the chart grants it where dataplane.management names that namespace`,
    raced: `the ${kind} was changed by others at the same time; try again`,
    unavailable: `the ${kind} cannot be written in the namespace ${namespace} now: ${message}`,
  };
  return new ApiError(CODES[failure], details[failure]);
}
