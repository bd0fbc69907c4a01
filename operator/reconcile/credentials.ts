import type { KVStoreStatus } from '../../contract/kvstore.gen.ts';
import { ROTATE_ANNOTATION } from '../../contract/labels.ts';
import type { KVStore } from '../../contract/objects.ts';
import { parseTime } from '../../contract/time.ts';
import { guestChanges } from '../resources/acl.ts';
import { sentinelAcl } from '../resources/member-files.ts';
import { rfc3339 } from '../status/conditions.ts';
import type { Finding } from '../status/finding.ts';
import { isReady } from '../status/pod.ts';
import type { Applied } from './children.ts';
import type { Context } from './context.ts';
import { kvStores } from './kinds.ts';
import type { Member, Observed } from './observe.ts';
import type { Planned } from './plan.ts';
import { reportStatus, statusOf } from './report.ts';

/** The request for new credentials in the annotation, or why it is none. */
export function rotationRequest({ metadata }: KVStore): { request?: string; refusal?: Finding<'RotateMalformed'> } {
  const request = metadata.annotations?.[ROTATE_ANNOTATION];
  if (request === undefined) return {};
  if (parseTime(request) !== undefined) return { request };
  const message = `the annotation ${ROTATE_ANNOTATION} is not an RFC 3339 time, so the credentials are not rotated; set it to the present time, for example ${metadata.creationTimestamp}`;
  return { refusal: { reason: 'RotateMalformed', message } };
}

/**
 * The status of a store whose credentials are to be rotated now; undefined where they are not. One rotation follows the
 * other, so that never more than two generations are known to anybody.
 */
export function nextGeneration(store: KVStore, overlapMs: number, now: Date): KVStoreStatus | undefined {
  const { request } = rotationRequest(store);
  const { status } = store;
  if (request === undefined || !status?.observedGeneration || request === status.credentials?.rotatedFor)
    return undefined;
  if (status.credentials?.previousGeneration !== undefined) return undefined;
  const { credentialGeneration = 1 } = status;
  const credentials = {
    ...status.credentials,
    rotatedFor: request,
    previousGeneration: credentialGeneration,
    previousUntil: rfc3339(new Date(now.getTime() + overlapMs)),
  };
  return { ...status, credentialGeneration: credentialGeneration + 1, credentials };
}

/**
 * The store with its status as it is now, after a rotation of its credentials was begun where one is due. That is written
 * first of all, and only to the version that was read: whatever ends the operator, and whatever its cache shows, no
 * generation comes twice.
 */
export async function beginRotation(
  context: Pick<Context, 'client' | 'events' | 'settings' | 'now'>,
  cached: KVStore,
  signal: AbortSignal,
): Promise<KVStore> {
  const known = statusOf(cached);
  const store: KVStore = known === cached.status || !known ? cached : { ...cached, status: known };
  // A definition older than the field drops it, and with it that the request was obeyed, which would then be so for ever.
  if (cached.status?.credentials?.masterKey === undefined) return store;
  const status = nextGeneration(store, context.settings.credentialOverlapSeconds * 1000, context.now());
  if (!status) return store;
  await reportStatus(context, kvStores, cached, status, signal, cached.metadata.resourceVersion);
  const message = `the passwords of the store's Redis are rotated to generation ${status.credentialGeneration}; those before are accepted until ${status.credentials?.previousUntil}`;
  context.events.record(cached, 'Normal', 'CredentialsRotated', message);
  return { ...cached, status };
}

/** Whether a store is known to accept the passwords of the plan, now and after a restart. */
export function acceptsPlanned(
  { plan }: Pick<Planned, 'plan'>,
  { usersWritten }: Pick<Applied, 'usersWritten'>,
  { members }: Pick<Observed, 'members'>,
): boolean {
  return usersWritten && members.every((member) => memberAccepts(plan, member) && sentinelAccepts(plan, member));
}

function sentinelAccepts({ replication }: Planned['plan'], { sentinel }: Member): boolean {
  if (!replication || !sentinel) return true;
  return 'look' in sentinel && sentinel.look.users.revision === sentinelAcl(replication).revision;
}

function memberAccepts(plan: Planned['plan'], { pod, redis }: Member): boolean {
  if (!redis) return true; // nothing runs, and what starts next reads the file
  // A network that rejects looks like a Redis that has ended, but the kubelet's probe does not pass through it.
  if (!('look' in redis)) return redis.down && !(pod && isReady(pod));
  const { users } = redis.look;
  return users.revision === plan.acl.revision && guestChanges(plan.acl, users).length === 0;
}
