import { isDeepStrictEqual } from 'node:util';
import { STORE_LABEL, storeLabels } from '../../contract/labels.ts';
import { API_VERSION, type KVStore } from '../../contract/objects.ts';
import { parseQuantity } from '../../contract/quantity.ts';
import { type KubeObject, keyOf, type OwnerReference } from '../../kube/object.ts';
import { persistentVolumeClaims, storageClasses } from '../../kube/resources.ts';
import { DATA_MODE_ANNOTATION, DATA_VERSION_ANNOTATION, NATIVE_ACCESS_ANNOTATION } from '../resources/plan.ts';
import type { Finding } from '../status/finding.ts';
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
  spec?: { resources: { requests: { storage: string } } };
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

/** What came of maintaining the claim. */
export interface ClaimMaintained {
  refusals: Finding<'VolumeNotExpandable'>[];
  steps: Finding<'GrowingVolume'>[];
}

/** Brings the store's volume claim up to date: labels, owner, what is on it, and its size, which can only grow. */
export async function maintainClaim(
  { client }: Pick<Context, 'client'>,
  { store, claim }: Pick<Observed, 'store' | 'claim'>,
  data: DataFacts,
  signal: AbortSignal,
): Promise<ClaimMaintained> {
  const result: ClaimMaintained = { refusals: [], steps: [] };
  if (!claim) return result;
  const { size } = store.spec.persistence;
  // Before there is a volume its claim cannot be changed.
  const isBound = claim.status?.phase === 'Bound';
  const mustAsk = isBound && isLarger(size, claim.spec.resources?.requests?.storage);
  const refusal = mustAsk ? await refuseGrowth(client, claim, signal) : undefined;
  if (refusal) result.refusals.push(refusal);
  else if (isBound && isLarger(size, claim.status?.capacity?.storage)) {
    const message = `the volume grows from ${claim.status?.capacity?.storage} to ${size}`;
    result.steps.push({ reason: 'GrowingVolume', message });
  }
  const growth = mustAsk && !refusal && { spec: { resources: { requests: { storage: size } } } };
  const body = { ...describeClaim(claim, store, data), ...growth };
  if (Object.keys(body).length > 0) {
    const options = { type: 'merge', fieldManager: FIELD_MANAGER, signal } as const;
    await client.patch(persistentVolumeClaims, keyOf(claim), body, options);
  }
  return result;
}

function isLarger(wanted: string, actual: string | undefined): boolean {
  return actual !== undefined && parseQuantity(wanted) > parseQuantity(actual);
}

/** Asked of the storage class, so that a volume that cannot grow costs no write that is refused, again and again. */
async function refuseGrowth(
  client: Context['client'],
  claim: VolumeClaim,
  signal: AbortSignal,
): Promise<Finding<'VolumeNotExpandable'> | undefined> {
  const name = claim.spec.storageClassName;
  const found = name ? await client.get<KubeObject>(storageClasses, { name }, { signal }) : undefined;
  if (found?.allowVolumeExpansion === true) return undefined;
  const message = `the volume stays as it is, because its storage class ${name ?? '(none)'} has no allowVolumeExpansion; set allowVolumeExpansion: true on it, or move to another KVStore`;
  return { reason: 'VolumeNotExpandable', message };
}
