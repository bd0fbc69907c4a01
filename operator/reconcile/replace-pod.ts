import { setTimeout as sleep } from 'node:timers/promises';
import { REDIS_PORT } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import { isConflict, isNotFound } from '../../kube/errors.ts';
import { keyOf } from '../../kube/object.ts';
import { pods, statefulSets } from '../../kube/resources.ts';
import type { RedisSession } from '../redis/session.ts';
import type { Pod } from '../status/pod.ts';
import type { Context } from './context.ts';
import { requireCurrent } from './current.ts';
import { noteKeys } from './key-counts.ts';
import { kvStores } from './kinds.ts';
import type { Observed } from './observe.ts';
import { holdWrites } from './write-hold.ts';

/** How long, in ms, Redis is waited for to end; one that takes longer is left to the kubelet. */
const END_MS = 2_500;
/** For how long, in ms, Redis refuses writes before it is stopped: clients of some writes a second meet it. */
const HOLD_MS = 150;

/**
 * Stops the pod so that its StatefulSet makes another: Redis ends in good order, which saves its data. Where that is
 * quick, the pod is removed as soon as its Redis is known to have ended, a second or two before the kubelet would do it.
 */
export async function replacePod(
  { client, connectRedis }: Pick<Context, 'client' | 'connectRedis'>,
  observed: Observed,
  pod: Pod,
  signal: AbortSignal,
): Promise<void> {
  await requireCurrent(client, kvStores, observed.store, signal);
  if (observed.statefulSet) await requireCurrent(client, statefulSets, observed.statefulSet, signal);
  // A replica has the keys of its primary, whatever it had before.
  if (observed.members.length === 1) await noteKeys({ client }, observed, signal);
  const preconditions = { uid: pod.metadata.uid };
  try {
    const { redis } = observed;
    const host = pod.status?.podIP;
    if (!host || !redis || !('session' in redis)) {
      await client.delete(pods, keyOf(pod), { preconditions, signal });
      return;
    }
    const release = await holdWhileAlone(observed.store, redis.session);
    try {
      await client.delete(pods, keyOf(pod), { preconditions, signal });
    } catch (error) {
      await release();
      throw error;
    }
    const ended = await Promise.race([redis.session.ended.then(() => true), sleep(END_MS, false, { ref: false })]);
    if (!ended) await release();
    if (!ended || !(await isRefused(connectRedis, host))) return;
    await client.delete(pods, keyOf(pod), { gracePeriodSeconds: 0, preconditions, signal });
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error; // another pod by now: look again when the cache shows it
  }
}

/** A primary has replicas, and hands over before. What an operator leaves that ends now the next look undoes. */
async function holdWhileAlone({ spec }: KVStore, session: RedisSession): Promise<() => Promise<void>> {
  if ((spec.replicas ?? 1) > 1) return async () => {};
  await holdWrites(session, true);
  await sleep(HOLD_MS);
  return () => holdWrites(session, false);
}

/**
 * Whether nothing listens where a Redis did: it stops to listen after it has written all that it had. A time-out says
 * nothing, and neither does a connection that ended, which may be the network's doing.
 */
async function isRefused(connectRedis: Context['connectRedis'], host: string): Promise<boolean> {
  try {
    const session = await connectRedis({ host, port: REDIS_PORT, password: '' });
    session.close();
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
  }
}
