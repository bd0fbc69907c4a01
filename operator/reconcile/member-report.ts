import type { KVStoreStatus } from '../../contract/kvstore.gen.ts';
import { memberNames } from '../../contract/names.ts';
import { isReady, isTerminating } from '../status/pod.ts';
import { primaryOf, replicationOf } from './members.ts';
import type { Member, Observed } from './observe.ts';

/** Lag is told in steps of so many bytes: else every look would be a write. */
const LAG_STEP = 2 ** 20;

type MemberStatus = NonNullable<KVStoreStatus['members']>[number];

/** What the status says of topology and members; nothing of a store of one Redis. */
export function reportMembers(
  { store, accepted, members }: Pick<Observed, 'store' | 'accepted' | 'members'>,
  topology: NonNullable<KVStoreStatus['topology']>['mode'] | undefined,
  failover: string | undefined,
): Pick<KVStoreStatus, 'topology' | 'members' | 'failover'> {
  const requestedFor = failover ?? store.status?.failover?.requestedFor;
  const done = requestedFor === undefined ? {} : { failover: { requestedFor } };
  if (!accepted?.replicated) return done;
  const mode = topology ?? store.status?.topology?.mode;
  const primary = primaryOf(members);
  return {
    ...done,
    ...(mode && { topology: { mode, members: countMembers(store, members) } }),
    members: members.map((member) => reportMember(store.metadata.name, member, primary)),
  };
}

/**
 * How many members there are for those who look for the primary: further ones once all of them answer, so that nobody waits for
 * names that do not exist yet. That is before one of them can become the primary.
 */
function countMembers({ status }: Observed['store'], members: readonly Member[]): number {
  const known = status?.topology?.members ?? members.length;
  return members.slice(known).every((member) => replicationOf(member)) ? members.length : known;
}

function reportMember(store: string, member: Member, primary: Member | undefined): MemberStatus {
  const { ordinal, pod } = member;
  const replication = replicationOf(member);
  const from = primary && replicationOf(primary);
  const lag = replication && from ? Math.max(0, from.offset - replication.offset) : undefined;
  const node = pod?.spec.nodeName;
  return {
    name: memberNames(store, ordinal).pod,
    ...(replication && { role: member === primary ? ('Primary' as const) : ('Replica' as const) }),
    ready: pod !== undefined && isReady(pod) && !isTerminating(pod),
    ...(node !== undefined && { node }),
    ...(replication?.role === 'replica' && {
      linked: replication.linked,
      ...(lag !== undefined && replication.linked && { lagBytes: Math.round(lag / LAG_STEP) * LAG_STEP }),
    }),
  };
}
