import type { StorePlan } from '../resources/plan.ts';
import type { Findings } from '../status/store-facts.ts';
import { tellGuest } from './access.ts';
import { maintainClaim } from './claim.ts';
import type { Context } from './context.ts';
import { compareKeys } from './key-counts.ts';
import type { StatefulSet } from './kinds.ts';
import { replicationOf } from './members.ts';
import type { Observed } from './observe.ts';
import { maintainPod } from './pod.ts';
import { maintainRedis } from './redis.ts';
import { maintainSentinel } from './sentinel.ts';
import type { Shell } from './shell.ts';
import { findPodTrouble } from './workload.ts';

/** What came of maintaining one Redis of a store. */
export interface MemberMaintained {
  ordinal: number;
  parts: readonly Partial<Findings>[];
  /** Redis' maxmemory now, in bytes; absent while Redis cannot be asked. */
  maxmemory: number | undefined;
  /** Redis was changed, which no watch tells. */
  changed: boolean;
  /** Its pod is being replaced. */
  replaced: boolean;
  /** Its pod is to be replaced when another is the primary. */
  mustHandOver: boolean;
}

/**
 * Brings the Redis, the claim and the pod of the member that the snapshot speaks of to what the plan says. `busy`: another
 * pod of the store was replaced just now.
 */
export async function maintainMember(
  context: Context,
  plan: StorePlan,
  statefulSet: StatefulSet | undefined,
  observed: Observed,
  shell: Shell,
  busy: boolean,
  signal: AbortSignal,
): Promise<MemberMaintained> {
  const redis = await maintainRedis(plan, observed);
  for (const change of redis.guests) tellGuest(context, observed.store, change, shell.until);
  // Beside a foreign StatefulSet the claim is that one's.
  const claim = statefulSet ? await maintainClaim(context, observed, redis.data, signal) : {};
  const replication = replicationOf(observed);
  const isComplete = replication?.role !== 'replica' || replication.linked;
  const keys = isComplete ? await compareKeys(context, observed, signal) : {};
  const pod = await maintainPod(context, plan, statefulSet, observed, redis.maxmemory, busy, signal);
  const sentinel = await maintainSentinel(plan, observed);
  const trouble = await findPodTrouble(context, observed, statefulSet, signal);
  return {
    ordinal: observed.ordinal,
    parts: [{ troubles: trouble ? [trouble] : [] }, redis, claim, keys, pod, sentinel],
    maxmemory: redis.maxmemory,
    changed: redis.changed,
    replaced: pod.replaced,
    mustHandOver: pod.mustHandOver,
  };
}
