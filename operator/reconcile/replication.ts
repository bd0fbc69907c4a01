import type { RedisUser } from '../../contract/credentials.ts';
import { ROLE_LABEL } from '../../contract/labels.ts';
import type { Accepted, StorePlan } from '../resources/plan.ts';
import { isMemberPod } from '../status/pod.ts';
import { replicationOf } from './members.ts';
import type { Member, Observed } from './observe.ts';

/** The parts of a plan that only a replicated store has. */
export function planReplication(
  { store, members }: Pick<Observed, 'store' | 'members'>,
  accepted: Pick<Accepted, 'replicated'>,
  passwords: (user: RedisUser) => string[],
): Pick<StorePlan, 'addresses' | 'replication' | 'labelsPrimary'> {
  if (!accepted.replicated) return {};
  const addresses = members.map(({ address }) => address);
  const known = addresses.filter((address) => address !== undefined);
  const replication = known.length === addresses.length && {
    addresses: known,
    holds: isAlone(members[0]),
    isNew: !isAlone(members[0]) && neverServed(store, members),
    passwords: {
      dataplane: passwords('dataplane'),
      operator: passwords('operator'),
      replica: passwords('replica'),
      sentinel: passwords('sentinel'),
    },
  };
  const labelsPrimary = members.some(({ pod }) => pod?.metadata.labels?.[ROLE_LABEL] === 'primary');
  return { addresses, labelsPrimary, ...(replication && { replication }) };
}

/**
 * Whether a member still is the one Redis that the store was: its pod knows nothing of Sentinels, so that it would start
 * again as what it was, beside a primary that they had made in its place.
 */
export function isAlone(member: Member | undefined): boolean {
  return member?.pod !== undefined && !isMemberPod(member.pod) && replicationOf(member)?.role !== 'replica';
}

/** Whether no member can have data: it was never one store with replicas, and it found no volumes of an earlier one. */
function neverServed({ metadata, status }: Observed['store'], members: readonly Member[]): boolean {
  const made = Date.parse(metadata.creationTimestamp);
  const isOwn = ({ claim }: Member) => !claim || Date.parse(claim.metadata.creationTimestamp ?? '') >= made;
  return status?.topology === undefined && members.every(isOwn);
}
