import { passwordsToTry } from '../../contract/credentials.ts';
import { childNames, REDIS_PORT } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import { type ApiObject, controllerOf } from '../../kube/object.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import type { RedisInfo } from '../redis/info.ts';
import { isDown, type RedisSession } from '../redis/session.ts';
import { type LoadedUsers, loadedUsers } from '../resources/acl.ts';
import { withDefaults } from '../resources/directives.ts';
import { ACCEPTED_ANNOTATION, type Accepted } from '../resources/plan.ts';
import { preflightName } from '../resources/preflight-pod.ts';
import { liveDirectives } from '../resources/redis-conf.ts';
import { isRunning } from '../status/pod.ts';
import type { Context } from './context.ts';
import type { Pod, StatefulSet, VolumeClaim } from './kinds.ts';
import { judgeProject, type Project } from './project.ts';

/** What a running Redis says of itself. */
export interface RedisLook {
  info: RedisInfo;
  /** All directives that the operator sets, as they are. */
  config: Record<string, string>;
  users: LoadedUsers;
  /** Why Redis refuses writes, in its own words. */
  writeError: string | undefined;
}

/** One snapshot of all that concerns a store. */
export interface Observed {
  store: KVStore;
  project: Project;
  statefulSet: StatefulSet | undefined;
  /** What of spec was taken over so far; absent before the first time. */
  accepted: Accepted | undefined;
  pod: Pod | undefined;
  preflight: Pod | undefined;
  claim: VolumeClaim | undefined;
  redis: { look: RedisLook; session: RedisSession } | { failure: string; down: boolean } | undefined;
}

/** Takes the snapshot: from the caches, and from Redis where it runs. The caller closes the session. */
export async function observe(context: Context, store: KVStore, signal: AbortSignal): Promise<Observed> {
  const { caches, settings } = context;
  const { namespace, name, uid } = store.metadata;
  const names = childNames(name);
  const ours = <T extends ApiObject>(object: T | undefined, owner: string | undefined): T | undefined =>
    object && owner && controllerOf(object)?.uid === owner ? object : undefined;
  const statefulSet = ours(caches.statefulSets.get({ namespace, name: names.statefulSet }), uid);
  const found = caches.pods.get({ namespace, name: names.pod });
  const orphan = found && isOrphanOf(found, store) ? found : undefined;
  const pod = ours(found, statefulSet?.metadata.uid) ?? orphan;
  return {
    store,
    project: judgeProject(store, caches.stores, settings.systemNamespace),
    statefulSet,
    accepted: readAccepted(statefulSet ?? orphan),
    pod,
    preflight: ours(caches.pods.get({ namespace, name: preflightName(name) }), uid),
    claim: await findClaim(context, store, signal),
    redis: pod && (await lookAtRedis(context, store, pod)),
  };
}

/** A claim that somebody brought along has no label of ours, so the cache does not show it. */
async function findClaim(context: Context, store: KVStore, signal: AbortSignal): Promise<VolumeClaim | undefined> {
  if (store.spec.persistence.mode === 'none') return undefined;
  const key = { namespace: store.metadata.namespace, name: childNames(store.metadata.name).volumeClaim };
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

function readAccepted(keeper: StatefulSet | Pod | undefined): Accepted | undefined {
  const text = keeper?.metadata.annotations?.[ACCEPTED_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const accepted = JSON.parse(text) as Accepted;
    const { image, scheduling, memory, config } = accepted;
    const whole =
      typeof image === 'string' && Boolean(scheduling) && typeof memory === 'number' && typeof config === 'object';
    return whole ? accepted : undefined;
  } catch {
    return undefined; // written over by hand: taken from spec anew
  }
}

async function lookAtRedis(context: Context, store: KVStore, pod: Pod): Promise<Observed['redis']> {
  const host = pod.status?.podIP;
  if (!host || !isRunning(pod)) return undefined;
  const generation = store.status?.credentialGeneration ?? 1;
  const password = passwordsToTry(context.masterKeys(), store.metadata.uid, generation, 'operator');
  let session: RedisSession | undefined;
  try {
    session = await context.connectRedis({ host, port: REDIS_PORT, password });
    const [info, config, users] = await Promise.all([session.info(), session.configGet(DIRECTIVES), session.aclList()]);
    const takesWrites = info.aof.lastWriteOk && info.snapshot.lastOk;
    const writeError = takesWrites ? undefined : await session.writeError();
    return { look: { info, config, users: loadedUsers(users), writeError }, session };
  } catch (error) {
    session?.close();
    return { failure: error instanceof Error ? error.message : String(error), down: isDown(error) };
  }
}

/** Names of the directives that the operator sets in a running Redis. */
const DIRECTIVES = Object.keys(
  liveDirectives({
    maxmemory: 0,
    evictionPolicy: 'noeviction',
    mode: 'none',
    fsync: 'everysec',
    config: withDefaults({}),
  }),
);
