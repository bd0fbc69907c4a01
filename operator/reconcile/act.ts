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
import { maintainMember } from './maintain.ts';
import { type Observed, ofMember } from './observe.ts';
import { planStore } from './plan.ts';
import { maintainPreflight } from './preflight-pod.ts';
import { renewStatefulSet } from './renew-statefulset.ts';
import { maintainRestore } from './restore.ts';
import type { Shell } from './shell.ts';

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
}

/** Nothing was done, so what was there still is. */
export function untouched({ spec, status }: KVStore): Outcome {
  const binding = spec.access?.redis ? status?.binding?.name : undefined;
  return { parts: [], image: undefined, maxmemory: undefined, binding, masterKey: undefined, changed: false };
}

/** Brings the store of a snapshot to what its spec says, as far as it can now. */
export async function act(context: Context, seen: Observed, shell: Shell, signal: AbortSignal): Promise<Outcome> {
  const acceptance = accept(seen, context.settings, context.now());
  const restored = await maintainRestore(context, seen, acceptance.accepted, signal);
  const { observed, hold } = restored;
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
    await noteKeys(context, observed, signal);
  }
  const applied = await applyChildren(context, plan, observed, signal);
  if (applied.created) context.events.record(observed.store, 'Normal', 'Created', "made the store's objects");
  await removeAccess(context, observed.store, signal);
  const maintained = [];
  for (const member of observed.members)
    maintained.push(
      await maintainMember(context, plan, applied.statefulSet, ofMember(observed, member), shell, signal),
    );
  await renewStatefulSet(context, observed, signal);
  if (beforeStop?.action === 'save' && observed.redis && 'session' in observed.redis)
    await observed.redis.session.bgsave();
  const stopping = {
    steps: beforeStop && 'step' in beforeStop ? [beforeStop.step] : [],
    troubles: beforeStop?.action === 'refuse' ? [beforeStop.trouble] : [],
  };
  return {
    parts: [...verdicts, applied, ...maintained.flatMap(({ parts }) => parts), stopping],
    image: plan.accepted.image,
    maxmemory: maintained.find(({ ordinal }) => ordinal === observed.ordinal)?.maxmemory,
    binding: applied.binding,
    masterKey: acceptsPlanned(planned, applied, observed) ? planned.masterKey : undefined,
    changed: moved || maintained.some(({ changed }) => changed),
    restore,
  };
}
