import { isDeepStrictEqual } from 'node:util';
import { STORE_LABEL, storeLabels } from '../../contract/labels.ts';
import { API_VERSION, type KVStore } from '../../contract/objects.ts';
import { keyOf, type OwnerReference } from '../../kube/object.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import { DATA_MODE_ANNOTATION, DATA_VERSION_ANNOTATION, NATIVE_ACCESS_ANNOTATION } from '../resources/plan.ts';
import { type ClaimGrowth, growClaim } from './claim-growth.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import type { VolumeClaim } from './kinds.ts';
import type { Observed } from './observe.ts';

/** What is known of the files on the volume, to be written on the claim for whoever adopts it. */
export interface DataFacts {
  mode: 'aof' | 'rdb' | undefined;
  version: string | undefined;
}

interface ClaimPatch {
  metadata?: {
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: OwnerReference[];
  };
}

/**
 * The merge patch that brings the metadata of a claim up to date; undefined where nothing is to change. Under
 * deletionPolicy Delete the store itself owns the claim, so that it goes with the store and with nothing else.
 */
export function describeClaim(claim: VolumeClaim, store: KVStore, data: DataFacts): ClaimPatch | undefined {
  const { labels, annotations, ownerReferences = [] } = claim.metadata;
  const nativeAccessSince = store.status?.nativeAccessSince;
  const wanted = {
    ...(data.mode && { [DATA_MODE_ANNOTATION]: data.mode }),
    ...(data.version && { [DATA_VERSION_ANNOTATION]: data.version }),
    ...(nativeAccessSince !== undefined && { [NATIVE_ACCESS_ANNOTATION]: nativeAccessSince }),
  };
  const changed = Object.entries(wanted).filter(([name, value]) => annotations?.[name] !== value);
  const adopt = labels?.[STORE_LABEL] !== store.metadata.name;
  const owners = claimOwners(ownerReferences, store);
  const reown = !isDeepStrictEqual(owners, ownerReferences);
  if (changed.length === 0 && !adopt && !reown) return undefined;
  return {
    metadata: {
      ...(changed.length > 0 && { annotations: Object.fromEntries(changed) }),
      ...(adopt && { labels: storeLabels(store.metadata.name) }),
      ...(reown && { ownerReferences: owners }),
    },
  };
}

function claimOwners(current: readonly OwnerReference[], { metadata, spec }: KVStore): OwnerReference[] {
  const foreign = current.filter(({ kind, apiVersion }) => kind !== 'KVStore' || apiVersion !== API_VERSION);
  if (spec.deletionPolicy !== 'Delete') return foreign;
  return [...foreign, { apiVersion: API_VERSION, kind: 'KVStore', name: metadata.name, uid: metadata.uid }];
}

/** Brings the store's volume claim up to date: labels, owner, what is on it, and its size. */
export async function maintainClaim(
  { client }: Pick<Context, 'client'>,
  { store, claim }: Pick<Observed, 'store' | 'claim'>,
  data: DataFacts,
  signal: AbortSignal,
): Promise<ClaimGrowth> {
  if (!claim) return { refusals: [], steps: [] };
  const body = describeClaim(claim, store, data);
  if (body) {
    const options = { type: 'merge', fieldManager: FIELD_MANAGER, signal } as const;
    await client.patch(persistentVolumeClaims, keyOf(claim), body, options);
  }
  return growClaim(client, claim, store.spec.persistence.size, signal);
}
