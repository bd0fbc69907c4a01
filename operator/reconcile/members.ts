import { ROLE_LABEL } from '../../contract/labels.ts';
import { childNames, memberNames } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import { controllerOf, type KubeObject, keyOf } from '../../kube/object.ts';
import { pods } from '../../kube/resources.ts';
import type { RedisInfo } from '../redis/info.ts';
import { isReady, isTerminating } from '../status/pod.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import type { Pod, VolumeClaim } from './kinds.ts';
import type { RedisSeen, SentinelSeen } from './look.ts';

/** One Redis pod of a store as it was seen. */
export interface Member {
  ordinal: number;
  pod: Pod | undefined;
  claim: VolumeClaim | undefined;
  redis: RedisSeen | undefined;
  /** Absent where none runs, as in a store of one Redis. */
  sentinel?: SentinelSeen | undefined;
  /** Where the others reach it; absent where the store is one Redis, and until it has an address. */
  address?: string | undefined;
}

/** What a member says of its replication; undefined while it does not answer, or reads its data. */
export function replicationOf({ redis }: Pick<Member, 'redis'>): RedisInfo['replication'] | undefined {
  return redis && 'look' in redis && !redis.look.info.loading ? redis.look.info.replication : undefined;
}

/** The member that most of the Sentinels take for the primary. */
export function namedPrimary(members: readonly Member[]): Member | undefined {
  return members.find(({ address }) => {
    const named = members.filter(
      ({ sentinel }) => address !== undefined && sentinel && 'look' in sentinel && sentinel.look.primary === address,
    );
    return named.length * 2 > members.length;
  });
}

/**
 * The member that is the primary: of several, while an old one has not heard of the new, the one that the Sentinels agree
 * on, or else the one that is followed.
 */
export function primaryOf(members: readonly Member[]): Member | undefined {
  const primaries = members.filter((member) => replicationOf(member)?.role === 'primary');
  const named = primaries.length > 1 ? namedPrimary(members) : undefined;
  if (named && primaries.includes(named)) return named;
  const replicas = (member: Member) => replicationOf(member)?.replicas ?? 0;
  return primaries.reduce<Member | undefined>(
    (best, next) => (best && replicas(best) >= replicas(next) ? best : next),
    undefined,
  );
}

/** The member that stands for the store: the primary, or the last that was, or the first. */
export function standIn(members: readonly Member[]): Member {
  const [first] = members as [Member];
  if (members.length === 1) return first;
  return primaryOf(members) ?? members.find(({ pod }) => pod?.metadata.labels?.[ROLE_LABEL] === 'primary') ?? first;
}

/** Whether nothing is on its way at a member: it is the primary, or follows it and could take its place. */
export function isSettled(member: Member): boolean {
  const { pod } = member;
  const replication = replicationOf(member);
  if (!pod || !replication || !isReady(pod) || isTerminating(pod)) return false;
  return replication.role === 'primary' || replication.linked;
}

interface Service extends KubeObject {
  spec?: { clusterIP?: string };
}

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

/**
 * By ordinal, the address of each member's Service. One that was deleted is to come back with the address that it had,
 * by which Sentinels and replicas know the member: the ConfigMap still has it.
 */
export function memberAddresses(
  { find }: Pick<Context['caches'], 'find'>,
  { metadata }: KVStore,
  ordinals: readonly number[],
): (string | undefined)[] {
  const { namespace, name, uid } = metadata;
  const look = <T extends KubeObject>(kind: string, child: string): T | undefined => {
    const found = find({ apiVersion: 'v1', kind, metadata: { namespace, name: child } });
    return found && controllerOf(found)?.uid === uid ? (found as T) : undefined;
  };
  const known = look<ConfigMap>('ConfigMap', childNames(name).configMap)?.data?.members ?? '';
  const before = new Map(known.split('\n').map((line) => line.split(' ') as [string, string]));
  return ordinals.map((ordinal) => {
    const service = look<Service>('Service', memberNames(name, ordinal).service);
    return service?.spec?.clusterIP ?? before.get(String(ordinal));
  });
}

/** Labels the pods of a replicated store with what they are, so that its Service leads to the primary. */
export async function labelRoles(
  { client, events }: Pick<Context, 'client' | 'events'>,
  { store, members }: { store: KVStore; members: readonly Member[] },
  signal: AbortSignal,
): Promise<void> {
  const primary = primaryOf(members);
  if (!primary) return;
  const before = members.find(({ pod }) => pod?.metadata.labels?.[ROLE_LABEL] === 'primary');
  // The new primary first: a moment with two is better than one with none.
  for (const member of [primary, ...members.filter((other) => other !== primary)]) {
    const role = member === primary ? 'primary' : 'replica';
    const { pod } = member;
    if (!pod || pod.metadata.labels?.[ROLE_LABEL] === role) continue;
    const body = { metadata: { uid: pod.metadata.uid, labels: { [ROLE_LABEL]: role } } };
    await client.patch(pods, keyOf(pod), body, { type: 'merge', fieldManager: FIELD_MANAGER, signal });
  }
  if (before && before !== primary)
    events.record(store, 'Normal', 'PrimaryChanged', `${primary.pod?.metadata.name} is the primary now`);
}
