import { childNames, memberNames, REDIS_CONTAINER } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import { type ApiObject, controllerOf } from '../../kube/object.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import { ACCEPTED_ANNOTATION, type Accepted } from '../resources/plan.ts';
import { preflightName } from '../resources/preflight-pod.ts';
import type { Context } from './context.ts';
import type { Pod, StatefulSet, VolumeClaim } from './kinds.ts';
import { lookAtRedis, lookAtSentinel } from './look.ts';
import { type Member, memberAddresses, standIn } from './members.ts';
import { judgeProject, type Project } from './project.ts';

export type { Member };

/**
 * One snapshot of all that concerns a store. What it says as a Member is of the one that stands for the store; `ofMember`
 * makes it speak of another.
 */
export interface Observed extends Member {
  store: KVStore;
  project: Project;
  statefulSet: StatefulSet | undefined;
  /** What of spec was taken over so far; absent before the first time. */
  accepted: Accepted | undefined;
  preflight: Pod | undefined;
  /** All Redis pods that the store has or is to have, by ordinal. */
  members: readonly Member[];
}

/** The snapshot as it is for one member: whatever maintains the pod of a store maintains that one. */
export function ofMember(observed: Observed, member: Member): Observed {
  return { ...observed, ...member };
}

/** Takes the snapshot: from the caches, and from each Redis that runs. The caller closes the sessions. */
export async function observe(context: Context, store: KVStore, signal: AbortSignal): Promise<Observed> {
  const { caches, settings } = context;
  const { namespace, name, uid } = store.metadata;
  const statefulSet = ours(caches.statefulSets.get({ namespace, name: childNames(name).statefulSet }), uid);
  const ordinals = Array.from({ length: memberCount(store, statefulSet) }, (_, ordinal) => ordinal);
  const addresses = ordinals.length > 1 ? memberAddresses(caches, store, ordinals) : [];
  const members = await Promise.all(
    ordinals.map(async (ordinal) => ({
      ...(await observeMember(context, store, statefulSet, ordinal, signal)),
      address: addresses[ordinal],
    })),
  );
  const orphan = members.find(({ pod }) => pod && isOrphanOf(pod, store))?.pod;
  return {
    store,
    project: judgeProject(store, caches.stores, settings.systemNamespace),
    statefulSet,
    accepted: readAccepted(statefulSet ?? orphan, statefulSet),
    preflight: ours(caches.pods.get({ namespace, name: preflightName(name) }), uid),
    members,
    ...standIn(members),
  };
}

/** Closes what `observe` opened. */
export function closeSessions({ members }: Pick<Observed, 'members'>): void {
  for (const seen of members.flatMap(({ redis, sentinel }) => [redis, sentinel]))
    if (seen && 'session' in seen) seen.session.close();
}

/** As many as spec asks for or the StatefulSet makes, whichever is more; a definition older than `replicas` has none. */
function memberCount({ spec }: KVStore, statefulSet: StatefulSet | undefined): number {
  return Math.max(spec.shards ?? spec.replicas ?? 1, statefulSet?.spec.replicas ?? 0);
}

async function observeMember(
  context: Context,
  store: KVStore,
  statefulSet: StatefulSet | undefined,
  ordinal: number,
  signal: AbortSignal,
): Promise<Member> {
  const { namespace, name } = store.metadata;
  const names = memberNames(name, ordinal);
  const found = context.caches.pods.get({ namespace, name: names.pod });
  const pod = ours(found, statefulSet?.metadata.uid) ?? (found && isOrphanOf(found, store) ? found : undefined);
  const [claim, redis, sentinel] = await Promise.all([
    findClaim(context, store, names.volumeClaim, signal),
    pod && lookAtRedis(context, store, pod),
    pod && lookAtSentinel(context, store, pod),
  ]);
  return { ordinal, pod, claim, redis, sentinel };
}

function ours<T extends ApiObject>(object: T | undefined, owner: string | undefined): T | undefined {
  return object && owner && controllerOf(object)?.uid === owner ? object : undefined;
}

/** A claim that somebody brought along has no label of ours, so the cache does not show it. */
async function findClaim(
  context: Context,
  store: KVStore,
  name: string,
  signal: AbortSignal,
): Promise<VolumeClaim | undefined> {
  if (store.spec.persistence.mode === 'none') return undefined;
  const key = { namespace: store.metadata.namespace, name };
  return (
    context.caches.claims.get(key) ?? (await context.client.get<VolumeClaim>(persistentVolumeClaims, key, { signal }))
  );
}

/**
 * Whether a pod waits for the StatefulSet that is made in place of its own: see renewStatefulSet. The pod may still be
 * seen with the old one, and the new one is there before its controller has adopted the pod: to take the pod for absent
 * would let an untried spec through, and tell that Redis is not ready.
 */
function isOrphanOf(pod: Pod, { metadata }: KVStore): boolean {
  const controller = controllerOf(pod);
  const isOwned = pod.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) ?? false;
  return isOwned && (!controller || controller.name === childNames(metadata.name).statefulSet);
}

function readAccepted(keeper: StatefulSet | Pod | undefined, made: StatefulSet | undefined): Accepted | undefined {
  const text = keeper?.metadata.annotations?.[ACCEPTED_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const accepted = JSON.parse(text) as Accepted;
    const { image, scheduling, memory, config } = accepted;
    const whole =
      typeof image === 'string' && Boolean(scheduling) && typeof memory === 'number' && typeof config === 'object';
    if (!whole) return undefined;
    // An older release did not note it, and made the template of it.
    const cpu = accepted.cpu ?? (made && templateCpu(made));
    return cpu ? { ...accepted, cpu } : accepted;
  } catch {
    return undefined; // written over by hand: taken from spec anew
  }
}

function templateCpu({ spec }: StatefulSet): Accepted['cpu'] {
  const redis = spec.template?.spec?.containers.find(({ name }) => name === REDIS_CONTAINER);
  const { requests, limits } = redis?.resources ?? {};
  const cpu = { ...(requests?.cpu && { request: requests.cpu }), ...(limits?.cpu && { limit: limits.cpu }) };
  return Object.keys(cpu).length > 0 ? cpu : undefined;
}
