import { passwordsToTry } from '../../contract/credentials.ts';
import { REDIS_PORT, SENTINEL_PORT } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { RedisInfo } from '../redis/info.ts';
import { isDown, type RedisSession } from '../redis/session.ts';
import { type LoadedUsers, loadedUsers } from '../resources/acl.ts';
import { withDefaults } from '../resources/directives.ts';
import { liveDirectives } from '../resources/redis-conf.ts';
import { isReady, isRunning, isTerminating, ownStatus, runsSentinel } from '../status/pod.ts';
import type { ReadyReason } from '../status/ready.ts';
import type { Context } from './context.ts';
import type { Pod } from './kinds.ts';

/** What a running Redis says of itself. */
export interface RedisLook {
  info: RedisInfo;
  /** All directives that the operator sets, as they are, and `syslog-ident`. */
  config: Record<string, string>;
  users: LoadedUsers;
  /** Why Redis refuses writes, in its own words. */
  writeError: string | undefined;
}

/** What a Sentinel says. */
export interface SentinelLook {
  /** Address of the primary that it knows of. */
  primary: string | undefined;
  users: LoadedUsers;
}

/** What came of asking a Sentinel. */
export type SentinelSeen = { look: SentinelLook; session: RedisSession } | { failure: string };

/** What came of asking a Redis: what it says, with the session open to go on with, or why it did not answer. */
export type RedisSeen = { look: RedisLook; session: RedisSession } | { failure: string; down: boolean };

/** Asks the Redis of a pod; undefined where none runs. The caller closes the session. */
export async function lookAtRedis(context: Access, store: KVStore, pod: Pod): Promise<RedisSeen | undefined> {
  const host = pod.status?.podIP;
  if (!host || !isRunning(pod)) return undefined;
  let session: RedisSession | undefined;
  try {
    session = await connectAs(context, store, host);
    const [info, config, users] = await Promise.all([session.info(), session.configGet(DIRECTIVES), session.aclList()]);
    const takesWrites = info.aof.lastWriteOk && info.snapshot.lastOk;
    const writeError = takesWrites ? undefined : await session.writeError();
    return { look: { info, config, users: loadedUsers(users), writeError }, session };
  } catch (error) {
    session?.close();
    return {
      failure: error instanceof Error ? error.message : String(error),
      down: isDown(error) && !isTurnedAway(store, pod, context.now()),
    };
  }
}

/** Asks the Sentinel of a pod; undefined where none runs. The caller closes the session. */
export async function lookAtSentinel(context: Access, store: KVStore, pod: Pod): Promise<SentinelSeen | undefined> {
  const host = pod.status?.podIP;
  if (!host || !runsSentinel(pod)) return undefined;
  let session: RedisSession | undefined;
  try {
    session = await context.connectRedis({ host, port: SENTINEL_PORT, password: passwordsOf(context, store) });
    const [primary, users] = await Promise.all([session.sentinelPrimary(), session.aclList()]);
    return { look: { primary, users: loadedUsers(users) }, session };
  } catch (error) {
    session?.close();
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/** Connects to the Redis of a store at that address as the operator. */
export function connectAs(context: Access, store: KVStore, host: string): Promise<RedisSession> {
  return context.connectRedis({ host, port: REDIS_PORT, password: passwordsOf(context, store) });
}

/** For so long, in ms, a Redis may refuse connections that has ended or starts: the kubelet sees that sooner. */
const TURNED_AWAY_MS = 30_000;

/**
 * Whether it is not Redis that refuses connections: the pod is ready and has run for a while, and the store has been told
 * not to be for as long. A network that rejects what it does not let through says the same as a port where nobody listens.
 */
export function isTurnedAway({ status }: KVStore, pod: Pod, now: Date): boolean {
  const isLong = (since: string | undefined) => now.getTime() - Date.parse(since ?? '') >= TURNED_AWAY_MS;
  if (!isReady(pod) || isTerminating(pod) || !isLong(ownStatus(pod)?.state?.running?.startedAt)) return false;
  const told = status?.conditions?.find(({ type }) => type === 'Ready');
  if (told?.status === 'True') return told.reason === ('PodReady' satisfies ReadyReason);
  return isLong(told?.lastTransitionTime);
}

type Access = Pick<Context, 'masterKeys' | 'connectRedis' | 'now'>;

function passwordsOf(context: Access, { metadata, status }: KVStore): string[] {
  return passwordsToTry(context.masterKeys(), metadata.uid, status?.credentialGeneration ?? 1, 'operator');
}

/** Names of the directives that the operator sets in a running Redis, and what tells how far a replica came before it started. */
const DIRECTIVES = [
  ...Object.keys(
    liveDirectives({
      maxmemory: 0,
      evictionPolicy: 'noeviction',
      mode: 'none',
      fsync: 'everysec',
      config: withDefaults({}),
      members: 3,
    }),
  ),
  'syslog-ident',
];
