import { isTimeout, UnsentError } from './connection.ts';

/**
 * What a rejected Redis command means:
 * - `unsent`: it never left this process; `refused`: Redis answered that it does not run commands now;
 * - `lost`: it was sent, and no reply came;
 * - `denied`, `full`, `wrong-type`, `read-only`: Redis answered so;
 * - `other`: an answer that nothing above explains.
 */
export type RedisFailure = 'unsent' | 'refused' | 'lost' | 'denied' | 'full' | 'wrong-type' | 'read-only' | 'other';

/** The first word of an error reply (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors). */
const REPLIES: Readonly<Record<string, RedisFailure>> = {
  LOADING: 'refused',
  MASTERDOWN: 'refused',
  BUSY: 'refused',
  TRYAGAIN: 'refused',
  CLUSTERDOWN: 'refused',
  READONLY: 'read-only',
  MISCONF: 'read-only',
  NOREPLICAS: 'read-only',
  NOAUTH: 'denied',
  WRONGPASS: 'denied',
  NOPERM: 'denied',
  OOM: 'full',
  WRONGTYPE: 'wrong-type',
};

/** Sorts what ioredis rejected a command with. */
export function failureOf(error: unknown): RedisFailure {
  if (error instanceof UnsentError) return 'unsent';
  const reply = replyCode(error);
  return reply === undefined ? 'lost' : (REPLIES[reply] ?? 'other');
}

/**
 * The code word of an error reply, fit for logs: the rest of a reply, and the error object itself, hold keys and
 * values. A word that is not known here is given as ERR, since the Redis may be a tenant's own image and say anything.
 * Undefined for an error that is not a reply of Redis.
 */
export function replyCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  const word = /^[A-Z]+/.exec(error.message)?.[0] ?? '';
  return Object.hasOwn(REPLIES, word) ? word : 'ERR';
}

/** Why a connection could not be made, fit for logs: a code of Redis, of the system, or `closed`. */
export function connectFailureCode(error: unknown): string {
  const code = replyCode(error) ?? (error as { code?: unknown }).code;
  if (typeof code === 'string') return code;
  return isTimeout(error) ? 'ETIMEDOUT' : 'closed';
}
