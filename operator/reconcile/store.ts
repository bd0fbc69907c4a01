import type { KVStore } from '../../contract/objects.ts';
import type { ReconcileResult } from '../../kube/controller.ts';
import { parseKey } from '../../kube/object.ts';
import { toConditions } from '../status/conditions.ts';
import { paused } from '../status/paused.ts';
import { ownContainer } from '../status/pod.ts';
import type { StepReason } from '../status/store-facts.ts';
import { type StoreReport, storeStatus } from '../status/store-status.ts';
import { noteNativeAccess } from './access.ts';
import { act, type Outcome, untouched } from './act.ts';
import type { Context } from './context.ts';
import { beginRotation, rotationRequest } from './credentials.ts';
import { collectFacts } from './facts.ts';
import { type Ending, endStore, holdsFinalizer, keepFinalBackup, whileEnding } from './final-backup.ts';
import { readKeysAtStop } from './key-counts.ts';
import { kvStores } from './kinds.ts';
import { resolveLimits } from './limits.ts';
import { reportMembers } from './member-report.ts';
import { closeSessions, type Observed, observe } from './observe.ts';
import { reportStatus } from './report.ts';
import { reportShards, shardMemory, worstShard } from './shard-report.ts';
import { readShell } from './shell.ts';

/** Brings the store called `key` ("namespace/name") to what its spec says, as far as it can now, and reports. */
export async function reconcileStore(
  context: Context,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const cached = context.caches.stores.get(parseKey(key));
  const isEnding = cached?.metadata.deletionTimestamp !== undefined;
  if (!cached || (isEnding && !holdsFinalizer(cached))) return undefined; // its children go with their owner
  if (paused(cached) && !isEnding) return reportPause(context, cached, signal);
  if (!isEnding && (await keepFinalBackup(context, cached, signal))) return { requeueAfterMs: 100 };
  const rotated = await beginRotation(context, cached, signal);
  const store = isEnding ? whileEnding(rotated) : rotated;
  const seen = await observe(context, store, signal);
  const shell = readShell(store, context.now());
  try {
    const ending = isEnding ? await endStore(context, seen, signal) : NOTHING;
    if (!ending) return undefined;
    const observed = seen.project.refusal ? seen : await noteNativeAccess(context, cached, seen, shell, signal);
    const outcome = observed.project.refusal ? untouched(store) : await act(context, observed, shell, signal);
    const { limits, refusals } = resolveLimits(store, context.settings.plans);
    const rotation = rotationRequest(store);
    const beside = [...refusals, ...[shell.refusal, rotation.refusal].filter((refusal) => refusal !== undefined)];
    const facts = collectFacts(worstShard(observed), { limits, refusals: beside }, [ending, ...outcome.parts]);
    const credentials = { masterKey: outcome.masterKey, request: rotation.request };
    const status = storeStatus(facts, { ...report(observed, outcome), credentials }, context.now());
    await reportStatus(context, kvStores, cached, status, signal);
    const soonest = facts.steps.map(({ reason }) => POLL_MS[reason] ?? WATCHED_MS);
    if (shell.until !== undefined) soonest.push(Math.max(shell.until - context.now().getTime(), 0));
    if (observed.accepted?.replicated && store.spec.enabled) soonest.push(MEMBERS_MS);
    const changed = outcome.changed || status.credentials?.previousUntil !== store.status?.credentials?.previousUntil;
    const { previousUntil } = status.credentials ?? {};
    if (previousUntil !== undefined)
      soonest.push(Math.max(Date.parse(previousUntil) - context.now().getTime(), WATCHED_MS));
    return { requeueAfterMs: Math.min(changed ? 100 : context.settings.resyncMs, ...soonest) };
  } finally {
    closeSessions(seen);
  }
}

function report(observed: Observed, outcome: Outcome): StoreReport {
  const { store, pod, redis, claim } = observed;
  const { image, maxmemory, binding, restore } = outcome;
  const used = redis && 'look' in redis ? redis.look.info.usedMemory : undefined;
  const one = used !== undefined && maxmemory !== undefined ? { limit: maxmemory, used } : undefined;
  return {
    image: (pod && ownContainer(pod)?.image) ?? image,
    memory: store.spec.shards === undefined ? one : shardMemory(observed),
    volumeSize: claim?.spec.resources?.requests?.storage,
    binding,
    restore,
    ...(store.spec.shards === undefined
      ? reportMembers(observed, outcome.topology, outcome.failover)
      : reportShards(observed, outcome.shards ?? {})),
    keptKeys: store.spec.enabled || pod ? undefined : keptKeys(observed),
  };
}

/** Keys that were there when it was stopped; of shards, those of all. */
function keptKeys({ store, members, claim }: Observed): number | undefined {
  if (store.spec.shards === undefined) return readKeysAtStop(claim)?.all;
  return members.reduce((sum, member) => sum + (readKeysAtStop(member.claim)?.all ?? 0), 0);
}

/** What a store waits for that is not being deleted. */
const NOTHING: Ending = { steps: [], troubles: [] };

/** How soon to look again, in ms, at what no watch tells of: what Redis does, and when waiting becomes trouble. */
const POLL_MS: Partial<Record<StepReason, number>> = {
  Loading: 1_000,
  Saving: 1_000,
  Restarting: 1_000,
  SwitchingPersistence: 1_000,
  LoadingUsers: 10_000,
  Syncing: 1_000,
  FailingOver: 1_000,
  JoiningShards: 500,
  MovingSlots: 1_000,
};
/** How soon to look again, in ms, at members, of which one may become the primary without any pod changing. */
const MEMBERS_MS = 10_000;
const WATCHED_MS = 5_000;

async function reportPause(context: Context, store: KVStore, signal: AbortSignal): Promise<undefined> {
  const verdict = paused(store);
  if (!verdict) return;
  const before = store.status?.conditions ?? [];
  const others = before.filter(({ type }) => type !== verdict.type);
  const conditions = [...others, ...toConditions([verdict], before, store.metadata.generation, context.now())];
  await reportStatus(context, kvStores, store, { ...store.status, conditions }, signal);
}
