import { childNames } from '../../contract/names.ts';
import { applyAll, type Change } from '../../kube/apply.ts';
import { isForbidden, isInvalid, KubeError } from '../../kube/errors.ts';
import { type ApiObject, controllerOf, type KubeObject } from '../../kube/object.ts';
import { statefulSets } from '../../kube/resources.ts';
import { children } from '../resources/index.ts';
import type { Manifest } from '../resources/manifest.ts';
import type { StorePlan } from '../resources/plan.ts';
import type { Finding } from '../status/finding.ts';
import type { RefusalReason, StepReason, TroubleReason } from '../status/store-facts.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import { requireCurrent } from './current.ts';
import { kvStores, type StatefulSet } from './kinds.ts';
import type { Observed } from './observe.ts';

/** What came of applying the children. */
export interface Applied {
  /** As the API server has it now; absent where it was not reached or is not ours. */
  statefulSet: StatefulSet | undefined;
  created: boolean;
  /** The Secret of users.acl is as it should be. */
  usersWritten: boolean;
  /** Name of the Secret by which programs sign in to Redis, where there is one. */
  binding: string | undefined;
  refusals: Finding<RefusalReason>[];
  troubles: Finding<TroubleReason>[];
  steps: Finding<StepReason>[];
}

/** Applies the children, those of a wave at once. An object of the same name that is not ours is left alone and reported. */
export async function applyChildren(
  context: Context,
  plan: StorePlan,
  observed: Pick<Observed, 'statefulSet'>,
  signal: AbortSignal,
): Promise<Applied> {
  const applied: Applied = {
    statefulSet: observed.statefulSet,
    created: false,
    usersWritten: false,
    binding: undefined,
    refusals: [],
    troubles: [],
    steps: [],
  };
  const [first, last] = children(plan, observed.statefulSet?.spec.volumeClaimTemplates?.[0]);
  await applyWave(context, plan, observed, first, applied, signal);
  // A pod must not start beside a foreign Service or without its users; one that runs is not held back.
  const mayRun = applied.troubles.length === 0 && applied.steps.length === 0;
  if (mayRun || observed.statefulSet) await applyWave(context, plan, observed, last, applied, signal);
  return applied;
}

async function applyWave(
  { client, caches }: Pick<Context, 'client' | 'caches'>,
  { store }: StorePlan,
  observed: Pick<Observed, 'statefulSet'>,
  wave: Manifest[],
  applied: Applied,
  signal: AbortSignal,
): Promise<void> {
  const owner = store as unknown as ApiObject;
  // A store that was never reported on has nothing yet; asking for each child first would double the requests.
  const expectAbsent = store.status?.observedGeneration === undefined;
  const apply = async (manifest: Manifest) => {
    // It carries what was accepted: made of what has been, Redis would become an older one on newer data. The cache may
    // have gone on since the snapshot.
    const beforeChange = async (live: KubeObject) => {
      if (manifest.kind !== 'StatefulSet') return;
      await requireCurrent(client, kvStores, owner, signal);
      await requireCurrent(client, statefulSets, observed.statefulSet ?? live, signal);
    };
    try {
      const options = { fieldManager: FIELD_MANAGER, owner, expectAbsent, beforeChange, signal };
      const [change] = await applyAll(client, [manifest], caches.find, options);
      if (change) collect(change, store.metadata.name, applied);
    } catch (error) {
      if (isInvalid(error) || isNotTyped(error))
        applied.refusals.push({ reason: 'SpecRefused', message: refused(manifest, error) });
      else if (isForbidden(error)) applied.troubles.push({ reason: 'ChildRefused', message: refused(manifest, error) });
      else throw error;
    }
  };
  await Promise.all(wave.map(apply));
}

function collect({ action, ref, object }: Change, store: string, applied: Applied): void {
  if (action === 'conflict') {
    const name = `${ref.kind} ${ref.name}`;
    if (isLeftOver(object, store)) {
      const message = `waiting until ${name} of a deleted KVStore of this name is gone`;
      applied.steps.push({ reason: 'WaitingForDeletion', message });
    } else {
      const message = `${name} exists and does not belong to this KVStore, so it is left alone; delete or rename it`;
      applied.troubles.push({ reason: 'ResourceConflict', message });
    }
    return;
  }
  if (ref.kind === 'Secret' && ref.name === childNames(store).aclSecret) applied.usersWritten = true;
  if (ref.kind === 'Secret' && ref.name === childNames(store).accessSecret) applied.binding = ref.name;
  if (ref.kind !== 'StatefulSet') return;
  applied.statefulSet = object as StatefulSet;
  applied.created = action === 'created';
}

/** Server-side apply answers 500 to a field that the schema does not have, which spec.scheduling may bring in. */
function isNotTyped(error: unknown): boolean {
  return error instanceof KubeError && error.status === 500 && error.message.startsWith('failed to create typed patch');
}

function isLeftOver(object: ApiObject, store: string): boolean {
  const controller = controllerOf(object);
  return (
    object.metadata.deletionTimestamp !== undefined || (controller?.kind === 'KVStore' && controller.name === store)
  );
}

function refused({ kind, metadata }: Manifest, error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `the API server refuses ${kind} ${metadata.name}; correct spec or the namespace's quota and policies: ${why}`;
}
