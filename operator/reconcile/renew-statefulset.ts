import { CATALOGUE_VERSION_ANNOTATION } from '../../contract/labels.ts';
import { API_VERSION } from '../../contract/objects.ts';
import { parseQuantity } from '../../contract/quantity.ts';
import { isConflict } from '../../kube/errors.ts';
import { controllerOf, keyOf } from '../../kube/object.ts';
import { pods, statefulSets } from '../../kube/resources.ts';
import { ACCEPTED_ANNOTATION } from '../resources/plan.ts';
import { isRunning, isTerminating, type Pod } from '../status/pod.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import type { StatefulSet, VolumeClaim } from './kinds.ts';
import type { Observed } from './observe.ts';
import { isFor } from './rollback.ts';

/**
 * Whether the claim has outgrown the claim template of its StatefulSet, which cannot change, and the StatefulSet may go:
 * Redis runs as was accepted, with no way back to be remembered.
 */
export function isOutgrown(observed: Pick<Observed, 'store' | 'accepted' | 'statefulSet' | 'claim' | 'pod'>): boolean {
  const { store, accepted, statefulSet, claim, pod } = observed;
  if (!store.spec.enabled || !statefulSet || statefulSet.metadata.deletionTimestamp !== undefined) return false;
  if (!pod || !isRunning(pod) || isTerminating(pod) || !isFor({ accepted, pod })) return false;
  if (accepted?.previous || accepted?.rejected) return false;
  const asked = claim?.spec.resources?.requests?.storage;
  const actual = claim?.status?.capacity?.storage;
  if (asked === undefined || actual === undefined) return false;
  return isTooSmall(statefulSet, claim) && parseQuantity(actual) >= parseQuantity(asked);
}

function isTooSmall({ spec }: StatefulSet, claim: VolumeClaim | undefined): boolean {
  const template = spec.volumeClaimTemplates?.[0]?.spec.resources?.requests?.storage;
  const asked = claim?.spec.resources?.requests?.storage;
  return template !== undefined && asked !== undefined && parseQuantity(asked) > parseQuantity(template);
}

/**
 * Deletes a StatefulSet whose claim template is too small for the claim, and leaves its pod running; the next look makes
 * it anew, and its controller adopts the pod. What was accepted is written on the pod first, because it would go with
 * the StatefulSet; and the store becomes an owner of the pod, so that it goes with the store also in between. Both are
 * taken from the pod again when the new one has it: what was accepted then would be taken for what is accepted now,
 * should somebody delete that StatefulSet in the same way.
 */
export async function renewStatefulSet(
  { client }: Pick<Context, 'client'>,
  observed: Observed,
  signal: AbortSignal,
): Promise<void> {
  const { store, accepted: running, members, statefulSet, claim } = observed;
  const all = members.flatMap(({ pod }) => pod ?? []);
  if (!statefulSet || all.length === 0) return;
  if (!isOutgrown(observed)) {
    // One that is too small still may be gone already, and the pod all that knows what was accepted.
    if (!isTooSmall(statefulSet, claim))
      for (const pod of all) if (isAdopted(pod, statefulSet)) await forgetRenewal(client, observed, pod, signal);
    return;
  }
  if (!all.every((pod) => isFor({ accepted: running, pod }))) return;
  const { name, uid } = store.metadata;
  const [accepted, catalogueVersion] = [ACCEPTED_ANNOTATION, CATALOGUE_VERSION_ANNOTATION].map(
    (annotation) => statefulSet.metadata.annotations?.[annotation],
  );
  const annotations = { [ACCEPTED_ANNOTATION]: accepted, [CATALOGUE_VERSION_ANNOTATION]: catalogueVersion ?? null };
  try {
    for (const pod of all) {
      const others = (pod.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
      const ownerReferences = [...others, { apiVersion: API_VERSION, kind: 'KVStore', name, uid }];
      const body = { metadata: { uid: pod.metadata.uid, annotations, ownerReferences } };
      await client.patch(pods, keyOf(pod), body, { type: 'merge', fieldManager: FIELD_MANAGER, signal });
    }
    // With the version: this very reconcile may have changed what is accepted.
    const preconditions = { uid: statefulSet.metadata.uid, resourceVersion: statefulSet.metadata.resourceVersion };
    await client.delete(statefulSets, keyOf(statefulSet), { propagationPolicy: 'Orphan', preconditions, signal });
  } catch (error) {
    if (!isConflict(error)) throw error; // another pod or StatefulSet by now: look again when the cache shows it
  }
}

function isAdopted(pod: Pod, statefulSet: StatefulSet): boolean {
  if (pod.metadata.annotations?.[ACCEPTED_ANNOTATION] === undefined || isTerminating(pod)) return false;
  return controllerOf(pod)?.uid === statefulSet.metadata.uid;
}

async function forgetRenewal(
  client: Context['client'],
  { store }: Observed,
  pod: Pod,
  signal: AbortSignal,
): Promise<void> {
  const { uid, resourceVersion, ownerReferences = [] } = pod.metadata;
  const annotations = { [ACCEPTED_ANNOTATION]: null, [CATALOGUE_VERSION_ANNOTATION]: null };
  const others = ownerReferences.filter((owner) => owner.uid !== store.metadata.uid);
  const body = { metadata: { uid, annotations, ownerReferences: others } };
  const options = { type: 'merge', fieldManager: FIELD_MANAGER, resourceVersion, signal } as const;
  try {
    await client.patch(pods, keyOf(pod), body, options);
  } catch (error) {
    if (!isConflict(error)) throw error; // it has changed: look again when the cache shows it
  }
}
