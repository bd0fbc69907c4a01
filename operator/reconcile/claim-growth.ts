import { parseQuantity } from '../../contract/quantity.ts';
import { isForbidden, isInvalid } from '../../kube/errors.ts';
import { type KubeObject, keyOf } from '../../kube/object.ts';
import { persistentVolumeClaims, storageClasses } from '../../kube/resources.ts';
import type { Finding } from '../status/finding.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import type { VolumeClaim } from './kinds.ts';

/** What came of the size that a claim is to have: why it stays as it is, or that it is on its way. */
export interface ClaimGrowth {
  refusals: Finding<'VolumeNotExpandable'>[];
  steps: Finding<'GrowingVolume'>[];
}

/** Asks for a larger volume where the claim has a smaller one, which can only grow. */
export async function growClaim(
  client: Context['client'],
  claim: VolumeClaim,
  size: string,
  signal: AbortSignal,
): Promise<ClaimGrowth> {
  // Before there is a volume its claim cannot be changed.
  if (claim.status?.phase !== 'Bound') return { refusals: [], steps: [] };
  const { capacity } = claim.status;
  const refusal = isLarger(size, claim.spec.resources?.requests?.storage)
    ? ((await refuseGrowth(client, claim, signal)) ?? (await askFor(size, client, claim, signal)))
    : isLarger(size, capacity?.storage) && failedGrowth(claim);
  if (refusal) return { refusals: [refusal], steps: [] };
  if (!isLarger(size, capacity?.storage)) return { refusals: [], steps: [] };
  const message = `the volume grows from ${capacity?.storage} to ${size}`;
  return { refusals: [], steps: [{ reason: 'GrowingVolume', message }] };
}

function isLarger(wanted: string, actual: string | undefined): boolean {
  return actual !== undefined && parseQuantity(wanted) > parseQuantity(actual);
}

const staysBecause = (why: string): Finding<'VolumeNotExpandable'> => ({
  reason: 'VolumeNotExpandable',
  message: `the volume stays as it is, because ${why}`,
});

/** Asked of the storage class, so that a volume that cannot grow costs no write that is refused, again and again. */
async function refuseGrowth(
  client: Context['client'],
  claim: VolumeClaim,
  signal: AbortSignal,
): Promise<Finding<'VolumeNotExpandable'> | undefined> {
  const name = claim.spec.storageClassName;
  const found = name ? await client.get<KubeObject>(storageClasses, { name }, { signal }) : undefined;
  if (found?.allowVolumeExpansion === true) return undefined;
  return staysBecause(
    `its storage class ${name ?? '(none)'} has no allowVolumeExpansion; set allowVolumeExpansion: true on it, or move to another KVStore`,
  );
}

/** A write of its own: a quota that forbids the size holds nothing else up, the deletion of the store neither. */
async function askFor(
  size: string,
  client: Context['client'],
  claim: VolumeClaim,
  signal: AbortSignal,
): Promise<Finding<'VolumeNotExpandable'> | undefined> {
  const options = { type: 'merge', fieldManager: FIELD_MANAGER, signal } as const;
  const body = { spec: { resources: { requests: { storage: size } } } };
  try {
    await client.patch(persistentVolumeClaims, keyOf(claim), body, options);
    return undefined;
  } catch (error) {
    if (!isForbidden(error) && !isInvalid(error)) throw error;
    return staysBecause(
      `the API server refuses the claim ${claim.metadata.name} its new size; raise the namespace's quota or change its policies, or set spec.persistence.size back: ${error.message}`,
    );
  }
}

const FAILED: readonly string[] = ['ControllerResizeError', 'NodeResizeError'];

/**
 * Why the provisioner or the node does not give the volume the size that its claim asks for, as they say by the claim's
 * conditions (https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/persistent-volume-claim-v1/).
 */
function failedGrowth({ metadata, status }: VolumeClaim): Finding<'VolumeNotExpandable'> | undefined {
  const failure = status?.conditions?.find(
    (condition) => FAILED.includes(condition.type) && condition.status === 'True',
  );
  if (!failure) return undefined;
  return staysBecause(
    `it cannot be resized: ${failure.message}; see the Events of the claim ${metadata.name}, correct it with its provisioner, or move to another KVStore`,
  );
}
