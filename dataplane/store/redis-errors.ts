import { StoreError } from './port.ts';
import { LostError, ReplyError, UnsentError } from './resp/reply.ts';

/**
 * What a rejected Redis command means:
 * - `unsent`: it never left this process; `refused`: Redis answered that it does not run commands now;
 * - `lone`: Redis answered that it takes no writes while too few replicas follow it;
 * - `demoted`: Redis answered that it takes no writes because it is a replica, as after a failover;
 * - `lost`: it was sent, and no reply came;
 * - `denied`, `full`, `wrong-type`, `read-only`: Redis answered so;
 * - `too-large`: a value that is longer than any of the API, and was let go;
 * - `other`: an answer that nothing above explains.
 */
export type RedisFailure =
  | 'unsent'
  | 'refused'
  | 'lone'
  | 'demoted'
  | 'lost'
  | 'denied'
  | 'full'
  | 'wrong-type'
  | 'too-large'
  | 'read-only'
  | 'other';

/** The first word of an error reply (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors). */
const REPLIES: Readonly<Record<string, RedisFailure>> = {
  LOADING: 'refused',
  MASTERDOWN: 'refused',
  BUSY: 'refused',
  TRYAGAIN: 'refused',
  CLUSTERDOWN: 'refused',
  READONLY: 'demoted',
  MISCONF: 'read-only',
  NOREPLICAS: 'lone',
  NOAUTH: 'denied',
  WRONGPASS: 'denied',
  NOPERM: 'denied',
  OOM: 'full',
  WRONGTYPE: 'wrong-type',
  // Followed where the store is a Redis Cluster.
  MOVED: 'other',
  ASK: 'other',
  // Of our own: see tooLarge.
  TOOLARGE: 'too-large',
};

/** Sorts what a command was rejected with. */
export function failureOf(error: unknown): RedisFailure {
  if (error instanceof UnsentError) return 'unsent';
  if (error instanceof LostError) return 'lost';
  return REPLIES[replyCode(error) ?? ''] ?? 'other';
}

/** Whether a shard takes no writes because it has just started; it knows who it is two seconds later. */
export function isRejoining(error: unknown): boolean {
  return error instanceof ReplyError && error.message.startsWith('CLUSTERDOWN The cluster is down');
}

/**
 * The code word of an error reply, fit for logs: the rest of a reply, and the error object itself, hold keys and
 * values. A word that is not known here is given as ERR, since the Redis may be a tenant's own image and say anything.
 * Undefined for an error that is not a reply of Redis.
 */
export function replyCode(error: unknown): string | undefined {
  if (!(error instanceof ReplyError)) return undefined;
  const word = /^[A-Z]+/.exec(error.message)?.[0] ?? '';
  return Object.hasOwn(REPLIES, word) ? word : 'ERR';
}

/** What the client gets to know of a command that failed so, in words of our own. */
export function refusal(failure: RedisFailure): StoreError {
  switch (failure) {
    case 'unsent':
    case 'refused':
      return new StoreError('unavailable', 'the store takes no commands now; it may be starting');
    case 'lone':
      return new StoreError('unavailable', 'the store takes no writes now, because too few of its replicas are there');
    case 'demoted':
      return new StoreError('unavailable', 'the store takes no writes now; its primary is changing');
    case 'lost':
      return new StoreError('unavailable', 'the store does not answer');
    case 'denied':
      return new StoreError('unavailable', 'the store refuses the credentials of the data plane');
    case 'read-only':
      return new StoreError('unavailable', 'the store takes no writes now, for example because its disk is full');
    case 'full':
      return new StoreError('full', 'the store has no memory left; delete keys or raise its spec.memory');
    case 'wrong-type':
      return new StoreError('wrong-type', 'the key holds another type of Redis data, which was not written here');
    case 'too-large':
      return new StoreError(
        'wrong-type',
        'the key holds a value of more than 262,144 bytes, which was not written here',
      );
    case 'other':
      return new StoreError('failed', 'the store answered unexpectedly');
  }
}

/** Why a connection could not be made, fit for logs: a code of Redis, of the system, or `closed`. */
export function connectFailureCode(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  const word = replyCode(error) ?? code ?? cause?.code;
  return typeof word === 'string' ? word : 'closed';
}
