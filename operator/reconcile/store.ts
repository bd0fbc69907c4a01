import type { KVStore } from '../../contract/objects.ts';
import type { ReconcileResult } from '../../kube/controller.ts';
import { parseKey } from '../../kube/object.ts';
import { toConditions } from '../status/conditions.ts';
import { paused } from '../status/paused.ts';
import { ownContainer } from '../status/pod.ts';
import type { Findings, StepReason } from '../status/store-facts.ts';
import { type StoreReport, storeStatus } from '../status/store-status.ts';
import { accept } from './accept.ts';
import { noteNativeAccess, removeAccess, tellGuest } from './access.ts';
import { applyChildren } from './children.ts';
import { maintainClaim } from './claim.ts';
import type { Context } from './context.ts';
import { acceptsPlanned, beginRotation, rotationRequest } from './credentials.ts';
import { requireCurrent } from './current.ts';
import { collectFacts } from './facts.ts';
import { compareKeys, noteKeys, readKeysAtStop } from './key-counts.ts';
import { kvStores } from './kinds.ts';
import { resolveLimits } from './limits.ts';
import { type Observed, observe } from './observe.ts';
import { planStore } from './plan.ts';
import { maintainPod } from './pod.ts';
import { maintainPreflight } from './preflight-pod.ts';
import { maintainRedis } from './redis.ts';
import { renewStatefulSet } from './renew-statefulset.ts';
import { reportStatus } from './report.ts';
import { readShell, type Shell } from './shell.ts';
import { findPodTrouble } from './workload.ts';

/** Brings the store called `key` ("namespace/name") to what its spec says, as far as it can now, and reports. */
export async function reconcileStore(
  context: Context,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const cached = context.caches.stores.get(parseKey(key));
  if (!cached || cached.metadata.deletionTimestamp) return undefined; // its children go with their owner
  if (paused(cached)) return reportPause(context, cached, signal);
  const store = await beginRotation(context, cached, signal);
  const seen = await observe(context, store, signal);
  const shell = readShell(store, context.now());
  try {
    const observed = seen.project.refusal ? seen : await noteNativeAccess(context, cached, seen, shell, signal);
    const outcome = observed.project.refusal ? untouched(store) : await act(context, observed, shell, signal);
    const { limits, refusals } = resolveLimits(store, context.settings.plans);
    const rotation = rotationRequest(store);
    const beside = [...refusals, ...[shell.refusal, rotation.refusal].filter((refusal) => refusal !== undefined)];
    const facts = collectFacts(observed, { limits, refusals: beside }, outcome.parts);
    const credentials = { masterKey: outcome.masterKey, request: rotation.request };
    const status = storeStatus(facts, { ...report(observed, outcome), credentials }, context.now());
    await reportStatus(context, kvStores, cached, status, signal);
    const soonest = facts.steps.map(({ reason }) => POLL_MS[reason] ?? WATCHED_MS);
    if (shell.until !== undefined) soonest.push(Math.max(shell.until - context.now().getTime(), 0));
    const changed = outcome.changed || status.credentials?.previousUntil !== store.status?.credentials?.previousUntil;
    const { previousUntil } = status.credentials ?? {};
    if (previousUntil !== undefined)
      soonest.push(Math.max(Date.parse(previousUntil) - context.now().getTime(), WATCHED_MS));
    return { requeueAfterMs: Math.min(changed ? 100 : context.settings.resyncMs, ...soonest) };
  } finally {
    if (seen.redis && 'session' in seen.redis) seen.redis.session.close();
  }
}

interface Outcome {
  parts: readonly Partial<Findings>[];
  image: string | undefined;
  maxmemory: number | undefined;
  /** Name of the Secret by which programs sign in to Redis. */
  binding: string | undefined;
  /** Name of the master key whose passwords the store is known to accept. */
  masterKey: string | undefined;
  /** Redis was changed, which no watch tells. */
  changed: boolean;
}

/** Nothing was done, so what was there still is. */
function untouched({ spec, status }: KVStore): Outcome {
  const binding = spec.access?.redis ? status?.binding?.name : undefined;
  return { parts: [], image: undefined, maxmemory: undefined, binding, masterKey: undefined, changed: false };
}

async function act(context: Context, observed: Observed, shell: Shell, signal: AbortSignal): Promise<Outcome> {
  const acceptance = accept(observed, context.settings, context.now());
  const refused = await maintainPreflight(context, observed, acceptance.preflight, signal);
  // What is refused is not being tried: the store is not on its way to it.
  const preflight = refused ? { refusals: [refused] } : { steps: acceptance.steps };
  const verdicts = [{ refusals: acceptance.refusals }, preflight];
  const planned = planStore(context, observed, acceptance, shell);
  if (!planned) return { ...untouched(observed.store), parts: verdicts };
  const { plan, beforeStop } = planned;

  if (plan.replicas === 0 && observed.statefulSet?.spec.replicas === 1) {
    await requireCurrent(context.client, kvStores, observed.store, signal);
    await noteKeys(context, observed, signal);
  }
  const applied = await applyChildren(context, plan, observed, signal);
  if (applied.created) context.events.record(observed.store, 'Normal', 'Created', "made the store's objects");
  await removeAccess(context, observed.store, signal);
  const redis = await maintainRedis(plan, observed);
  for (const change of redis.guests) tellGuest(context, observed.store, change, shell.until);
  // Beside a foreign StatefulSet the claim is that one's.
  const claim = applied.statefulSet ? await maintainClaim(context, observed, redis.data, signal) : {};
  const keys = await compareKeys(context, observed, signal);
  const pod = await maintainPod(context, plan, applied.statefulSet, observed, redis.maxmemory, signal);
  await renewStatefulSet(context, observed, signal);
  if (beforeStop?.action === 'save' && observed.redis && 'session' in observed.redis)
    await observed.redis.session.bgsave();
  const stopping = {
    steps: beforeStop && 'step' in beforeStop ? [beforeStop.step] : [],
    troubles: beforeStop?.action === 'refuse' ? [beforeStop.trouble] : [],
  };
  const trouble = await findPodTrouble(context, observed, applied.statefulSet, signal);
  const workload = { troubles: trouble ? [trouble] : [] };
  return {
    parts: [...verdicts, applied, workload, redis, claim, keys, pod, stopping],
    image: plan.accepted.image,
    maxmemory: redis.maxmemory,
    binding: applied.binding,
    masterKey: acceptsPlanned(planned, applied, observed) ? planned.masterKey : undefined,
    changed: redis.changed,
  };
}

function report({ store, pod, redis, claim }: Observed, { image, maxmemory, binding }: Outcome): StoreReport {
  const used = redis && 'look' in redis ? redis.look.info.usedMemory : undefined;
  return {
    image: (pod && ownContainer(pod)?.image) ?? image,
    memory: used !== undefined && maxmemory !== undefined ? { limit: maxmemory, used } : undefined,
    volumeSize: claim?.spec.resources?.requests?.storage,
    binding,
    keptKeys: store.spec.enabled || pod ? undefined : readKeysAtStop(claim)?.all,
  };
}

/** How soon to look again, in ms, at what no watch tells of: what Redis does, and when waiting becomes trouble. */
const POLL_MS: Partial<Record<StepReason, number>> = {
  Loading: 1_000,
  Saving: 1_000,
  Restarting: 2_000,
  SwitchingPersistence: 1_000,
  LoadingUsers: 10_000,
};
const WATCHED_MS = 5_000;

async function reportPause(context: Context, store: KVStore, signal: AbortSignal): Promise<undefined> {
  const verdict = paused(store);
  if (!verdict) return;
  const before = store.status?.conditions ?? [];
  const others = before.filter(({ type }) => type !== verdict.type);
  const conditions = [...others, ...toConditions([verdict], before, store.metadata.generation, context.now())];
  await reportStatus(context, kvStores, store, { ...store.status, conditions }, signal);
}
