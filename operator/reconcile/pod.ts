import { RESTART_HASH_ANNOTATION } from '../../contract/labels.ts';
import { REDIS_CONTAINER } from '../../contract/names.ts';
import { KubeError } from '../../kube/errors.ts';
import { keyOf } from '../../kube/object.ts';
import { pods } from '../../kube/resources.ts';
import { canonicalJson } from '../resources/digest.ts';
import { FILES_HASH_ANNOTATION, type StorePlan } from '../resources/plan.ts';
import { filesHash, redisResources } from '../resources/pod-template.ts';
import { rfc3339 } from '../status/conditions.ts';
import type { Finding } from '../status/finding.ts';
import { isRunning, isTerminating, ownContainer, type Pod, type Resources } from '../status/pod.ts';
import type { StepReason, TroubleReason } from '../status/store-facts.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import type { StatefulSet } from './kinds.ts';
import type { Observed } from './observe.ts';
import { memberMode } from './plan.ts';
import { replacePod } from './replace-pod.ts';
import {
  cannotResize,
  hasResources,
  isRefusedYet,
  noteRefusal,
  readRefusal,
  refuseResize,
  resizeState,
  sameResources,
  withDefaultRequests,
  withdrawing,
} from './resize.ts';
import { decideRoll, isAnnounced } from './roll.ts';
import { orderRoll } from './roll-order.ts';

/** Forbidden by policy or quota, or not possible for this pod. */
const RESIZE_REFUSALS = new Set([400, 403, 422]);
/** A cluster before 1.33, without that subresource. */
const NO_RESIZE = new Set([404, 405]);

/** What came of bringing the pod to what the plan says. */
export interface PodMaintained {
  refusals: Finding<'ResizeRefused'>[];
  troubles: Finding<TroubleReason>[];
  steps: Finding<StepReason>[];
  /** The pod is being replaced. */
  replaced: boolean;
  /** The pod is to be replaced when another is the primary. */
  mustHandOver: boolean;
}

/**
 * Refreshes the pod's files, resizes it in place, and replaces it where only a restart helps and it is its turn.
 * `maxmemory` is Redis' own, in bytes; `busy`: another pod of the store was replaced just now.
 */
export async function maintainPod(
  context: Pick<Context, 'client' | 'connectRedis' | 'now'>,
  plan: StorePlan,
  statefulSet: StatefulSet | undefined,
  observed: Observed,
  maxmemory: number | undefined,
  busy: boolean,
  signal: AbortSignal,
): Promise<PodMaintained> {
  const { client } = context;
  const { pod, redis } = observed;
  const result: PodMaintained = { refusals: [], troubles: [], steps: [], replaced: false, mustHandOver: false };
  if (!pod || !statefulSet) return result;
  const wanted = withDefaultRequests(redisResources(plan.accepted, plan.settings.mode));
  const actual = ownContainer(pod)?.resources;
  const due = decideRoll({
    pod,
    redis,
    templateHash: statefulSet.spec.template?.metadata?.annotations?.[RESTART_HASH_ANNOTATION],
    // What a member has the others have: nothing is to be saved.
    mode: plan.replication ? 'none' : memberMode(plan, observed),
    templateSeen: (statefulSet.status?.observedGeneration ?? 0) >= (statefulSet.metadata.generation ?? 0),
    sameResources: sameResources(actual, wanted),
    sameRevision: pod.metadata.labels?.['controller-revision-hash'] === statefulSet.status?.updateRevision,
    announced: isAnnounced(observed.store),
  });
  const decision = orderRoll(observed, due, busy);
  if ('step' in decision) result.steps.push(decision.step);
  if (decision.action === 'refuse') result.troubles.push(decision.trouble);
  if (decision.action === 'save' && redis && 'look' in redis) await redis.session.bgsave();
  result.replaced = decision.action === 'replace';
  result.mustHandOver = decision.action === 'failover';
  if (result.replaced) await replacePod(context, { ...observed, statefulSet }, pod, signal);
  if (decision.action !== 'keep' || isTerminating(pod) || !isRunning(pod)) return result;

  await refreshFiles(client, pod, filesHash(plan), signal);
  const asked = plan.asked ? withDefaultRequests(redisResources(plan.asked, plan.settings.mode)) : wanted;
  const { refusal, step } = resizeState(pod);
  const next = refusal ? withdrawing(actual, asked) : asked;
  // A smaller container must wait for a smaller maxmemory.
  const mayShrink = maxmemory === undefined || maxmemory <= plan.accepted.memory;
  if (!hasResources(actual, next) && mayShrink && !cannotResize(pod)) {
    const refused = await resizePod(context, pod, next, signal);
    if (refused) result.refusals.push(refused);
    else result.steps.push(resizing);
  } else if (refusal) result.refusals.push(refusal);
  else if (step) result.steps.push(step);
  else if (plan.asked) result.steps.push(resizing);
  return result;
}

const resizing: Finding<'Resizing'> = { reason: 'Resizing', message: 'the container is being resized' };

async function refreshFiles(client: Context['client'], pod: Pod, hash: string, signal: AbortSignal): Promise<void> {
  if (pod.metadata.annotations?.[FILES_HASH_ANNOTATION] !== hash)
    await annotate(client, pod, { [FILES_HASH_ANNOTATION]: hash }, signal);
}

async function annotate(
  client: Context['client'],
  pod: Pod,
  annotations: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const options = { type: 'merge', fieldManager: FIELD_MANAGER, signal } as const;
  await client.patch(pods, keyOf(pod), { metadata: { uid: pod.metadata.uid, annotations } }, options);
}

async function resizePod(
  { client, now }: Pick<Context, 'client' | 'now'>,
  pod: Pod,
  wanted: Resources,
  signal: AbortSignal,
): Promise<Finding<'ResizeRefused'> | undefined> {
  const before = readRefusal(pod);
  const text = canonicalJson(wanted);
  if (before && isRefusedYet(before, text, now())) return refuseResize(before.why);
  const body = { spec: { containers: [{ name: REDIS_CONTAINER, resources: wanted }] } };
  try {
    await client.patch(pods, keyOf(pod), body, { type: 'strategic', subresource: 'resize', signal });
    return undefined;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const never = NO_RESIZE.has(error.status);
    if (!never && !RESIZE_REFUSALS.has(error.status)) throw error;
    const refusal = { wanted: text, why: error.message, at: rfc3339(now()), ...(never && { never }) } as const;
    await annotate(client, pod, noteRefusal(refusal), signal);
    return never ? undefined : refuseResize(error.message);
  }
}
