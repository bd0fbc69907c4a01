import type { KVStore } from '../../contract/objects.ts';
import { claimedProject, claimsReserved, PROJECT_ID_PATTERN, projectHolder } from '../../contract/projects.ts';
import type { Cache } from '../../kube/cache.ts';
import type { Finding } from '../status/finding.ts';
import { BY_PROJECT } from './context.ts';

/** The project that a store serves, or why it serves none. */
export type Project =
  | { id: string; refusal?: undefined }
  | { id?: undefined; refusal: Finding<'ProjectIdInvalid' | 'ProjectIdReserved' | 'ProjectIdConflict'> };

/** Judges a store's claim against those of all others. */
export function judgeProject(store: KVStore, stores: Cache<KVStore>, systemNamespace: string): Project {
  const id = claimedProject(store);
  if (!PROJECT_ID_PATTERN.test(id)) {
    const message = `the project "${id}", made from namespace and name, is longer than 64 characters; create the KVStore again with spec.projectId`;
    return { refusal: { reason: 'ProjectIdInvalid', message } };
  }
  if (claimsReserved(store, systemNamespace)) {
    const message = `the project "${id}" is Cubby's own; create this KVStore again with another spec.projectId`;
    return { refusal: { reason: 'ProjectIdReserved', message } };
  }
  const holder = projectHolder(stores.by(BY_PROJECT, id), systemNamespace);
  if (!holder || holder.metadata.uid === store.metadata.uid) return { id };
  const message = `another, older KVStore serves the project "${id}"; create this one again with another spec.projectId, or delete the other`;
  return { refusal: { reason: 'ProjectIdConflict', message } };
}
