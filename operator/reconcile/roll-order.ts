import { isRunning } from '../status/pod.ts';
import { isSettled, replicationOf } from './members.ts';
import type { Observed } from './observe.ts';
import type { RollDecision } from './roll.ts';

/** What a member's restart may have to wait for besides: `failover`, that another becomes the primary. */
export type OrderedDecision = RollDecision | { action: 'failover' };

/**
 * Lets the pods of a store that has several be replaced one by one, of a replicated one the replicas first: each when all
 * others are in step, and the primary when it is that no more. `busy`: another was replaced just now, which the snapshot does not show.
 */
export function orderRoll(observed: Observed, decision: RollDecision, busy: boolean): OrderedDecision {
  const { accepted, members, ordinal, pod, store } = observed;
  const hasSeveral = accepted?.replicated || store.spec.shards !== undefined;
  if (decision.action !== 'replace' || !hasSeveral || !pod || !isRunning(pod)) return decision;
  const wait = (message: string): OrderedDecision => ({ action: 'wait', step: { reason: 'Restarting', message } });
  const late = members.find((member) => member.ordinal !== ordinal && !isSettled(member));
  if (busy || late) return wait(`${pod.metadata.name} waits until the other members are in step`);
  const replication = replicationOf(observed);
  if (!replication) return wait(`${pod.metadata.name} must answer before it is restarted`);
  return accepted?.replicated && replication.role === 'primary' ? { action: 'failover' } : decision;
}

/** The members in the order in which they are maintained: the primary last, and of the others the youngest first. */
export function maintenanceOrder({ members, ordinal }: Pick<Observed, 'members' | 'ordinal'>): Observed['members'] {
  const rank = (member: Observed['members'][number]) => (member.ordinal === ordinal ? -1 : member.ordinal);
  return [...members].sort((a, b) => rank(b) - rank(a));
}
