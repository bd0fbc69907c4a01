import type { KVStoreSpec } from '../../contract/kvstore.gen.ts';
import { parseQuantity } from '../../contract/quantity.ts';

/** What a management call asks of a store; what is absent is left as it is, or to the defaults. */
export interface Wish {
  dockerImage?: string | undefined;
  version?: string | undefined;
  /** A Kubernetes quantity. */
  memory?: string | undefined;
  persistence?: boolean | undefined;
}

/** What a store is made with where nothing else is asked for. */
export interface StoreDefaults {
  defaultVersion: string;
  /** A Kubernetes quantity. */
  defaultMemory: string;
}

/** Fields of a spec to be written; null removes one. As in a JSON merge patch (RFC 7396). */
export type SpecPatch = Record<string, unknown>;

/** The spec of a new store for a project; the CRD's defaults fill in the rest. */
export function newSpec(project: string, wish: Wish, defaults: StoreDefaults): SpecPatch {
  const { dockerImage, version, memory, persistence = true } = wish;
  const needsVersion = version !== undefined || dockerImage === undefined;
  return {
    projectId: project,
    enabled: true,
    ...(needsVersion && { version: version ?? defaults.defaultVersion }),
    ...(dockerImage !== undefined && { image: dockerImage }),
    memory: memory ?? defaults.defaultMemory,
    persistence: { mode: persistence ? 'aof' : 'none' },
  };
}

/** What is to be written so that a spec is as asked; empty where it is. */
export function specChanges(spec: KVStoreSpec, wish: Wish): SpecPatch {
  const { dockerImage, version, memory, persistence } = wish;
  const changes: SpecPatch = {};
  if (version !== undefined) {
    if (version !== spec.version) changes.version = version;
    // An image goes before a version, which would have no effect beside one that was asked for earlier.
    if (dockerImage === undefined && spec.image !== undefined) changes.image = null;
  }
  if (dockerImage !== undefined && dockerImage !== spec.image) changes.image = dockerImage;
  if (memory !== undefined && parseQuantity(memory) !== parseQuantity(spec.memory)) changes.memory = memory;
  if (persistence !== undefined && persistence !== isPersistent(spec)) {
    changes.persistence = { mode: persistence ? 'aof' : 'none' };
  }
  return changes;
}

/** Whether a store's data outlives its Redis. */
export function isPersistent(spec: KVStoreSpec): boolean {
  return spec.persistence.mode !== 'none';
}
