import type { KVStoreStatus } from '../../contract/kvstore.gen.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { Findings } from '../status/store-facts.ts';
import { accept } from './accept.ts';
import { removeAccess } from './access.ts';
import { applyChildren } from './children.ts';
import type { Context } from './context.ts';
import { acceptsPlanned } from './credentials.ts';
import { requireCurrent } from './current.ts';
import { noteKeys } from './key-counts.ts';
import { kvStores } from './kinds.ts';
import { type MemberMaintained, maintainMember } from './maintain.ts';
import { judgeMembers } from './member-trouble.ts';
import { labelRoles } from './members.ts';
import { type Observed, ofMember } from './observe.ts';
import { dataOwners, planStore } from './plan.ts';
import { maintainFailover } from './planned-failover.ts';
import { maintainPreflight } from './preflight-pod.ts';
import { renewStatefulSet } from './renew-statefulset.ts';
import { maintainRestore } from './restore.ts';
import { maintenanceOrder } from './roll-order.ts';
import { agreeOnPrimary } from './sentinel.ts';
import { maintainShards, type ShardsMaintained } from './shards.ts';
import type { Shell } from './shell.ts';
import { maintainSuccession } from './succession.ts';

/** What came of bringing a store to what its spec says. */
export interface Outcome {
  parts: readonly Partial<Findings>[];
  image: string | undefined;
  maxmemory: number | undefined;
  /** Name of the Secret by which programs sign in to Redis. */
  binding: string | undefined;
  /** Name of the master key whose passwords the store is known to accept. */
  masterKey: string | undefined;
  /** Something was changed that no watch tells, or that is to be gone on with at once. */
  changed: boolean;
  restore?: KVStoreStatus['restore'];
  /** What the store was seen to have become; absent where that could not be seen. */
  topology?: NonNullable<KVStoreStatus['topology']>['mode'] | undefined;
  /** The request for a failover that was obeyed now. */
  failover?: string | undefined;
  /** Absent where nothing was asked of the shards, or the store has none. */
  shards?: ShardsMaintained | undefined;
}

/** Nothing was done, so what was there still is. */
export function untouched({ spec, status }: KVStore): Outcome {
  const binding = spec.access?.redis ? status?.binding?.name : undefined;
  return { parts: [], image: undefined, maxmemory: undefined, binding, masterKey: undefined, changed: false };
}

/** Brings the store of a snapshot to what its spec says, as far as it can now. */
export async function act(context: Context, seen: Observed, shell: Shell, signal: AbortSignal): Promise<Outcome> {
  const acceptance = accept(seen, context.settings, context.now());
  const { accepted } = acceptance;
  const restored = await maintainRestore(context, seen, accepted, signal);
  const { observed, hold } = restored;
  const { store } = observed;
  const refused = await maintainPreflight(context, observed, acceptance.preflight, signal);
  // What is refused is not being tried: the store is not on its way to it.
  const preflight = refused ? { refusals: [refused] } : { steps: acceptance.steps };
  const verdicts = [restored.findings, { refusals: acceptance.refusals }, preflight];
  const { status: restore, changed: moved } = restored;
  const planned = hold === 'unmade' ? undefined : planStore(context, observed, acceptance, shell, hold === 'runs');
  if (!planned) return { ...untouched(observed.store), parts: verdicts, restore, changed: moved };
  const { plan, beforeStop } = planned;

  if (plan.replicas === 0 && (observed.statefulSet?.spec.replicas ?? 0) > 0) {
    await requireCurrent(context.client, kvStores, observed.store, signal);
    for (const member of dataOwners(observed)) await noteKeys(context, ofMember(observed, member), signal);
  }
  const applied = await applyChildren(context, plan, observed, signal);
  if (applied.created) context.events.record(observed.store, 'Normal', 'Created', "made the store's objects");
  await removeAccess(context, observed.store, signal);
  if (accepted?.replicated) await labelRoles(context, observed, signal);
  const maintained: MemberMaintained[] = [];
  for (const member of maintenanceOrder(observed)) {
    const view = ofMember(observed, member);
    const busy = maintained.some(({ replaced }) => replaced);
    maintained.push(await maintainMember(context, plan, applied.statefulSet, view, shell, busy, signal));
  }
  const handover = await maintainFailover(
    context,
    plan,
    observed,
    maintained.some(({ mustHandOver }) => mustHandOver),
  );
  const succeeds = await maintainSuccession(context, plan, observed);
  const shards = store.spec.shards === undefined ? undefined : await maintainShards(context, observed, signal);
  await renewStatefulSet(context, observed, signal);
  for (const { member, decision } of beforeStop) {
    const mustSave = decision.action === 'save' || decision.action === 'retry';
    if (mustSave && member.redis && 'session' in member.redis) await member.redis.session.bgsave();
  }
  const stopping = {
    steps: beforeStop.flatMap(({ decision }) => ('step' in decision ? [decision.step] : [])),
    troubles: beforeStop.flatMap(({ decision }) => ('trouble' in decision ? [decision.trouble] : [])),
  };
  return {
    parts: [
      ...verdicts,
      applied,
      ...maintained.flatMap(({ parts }) => parts),
      handover,
      judgeMembers(observed, context.now()),
      ...(shards ? [shards] : []),
      stopping,
    ],
    image: plan.accepted.image,
    maxmemory: maintained.find(({ ordinal }) => ordinal === observed.ordinal)?.maxmemory,
    binding: applied.binding,
    masterKey: acceptsPlanned(planned, applied, observed) ? planned.masterKey : undefined,
    shards,
    changed: moved || handover.done || succeeds || shards?.changed || maintained.some(({ changed }) => changed),
    topology: accepted?.replicated && agreeOnPrimary(observed.members) ? 'Replicated' : undefined,
    failover: handover.requestedFor,
    restore,
  };
}
