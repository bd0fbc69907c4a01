/** What a repetition would do: a `read` changes nothing, and of an `idempotent` write the caller says that twice is once. */
export type Safety = 'read' | 'write' | 'idempotent';

/** How an attempt failed. */
export type Failure =
  /** No connection came about, so nothing was sent. */
  | 'unsent'
  /** The server says that nothing ran, and that a later try may succeed. */
  | 'declined'
  /** The connection, or a proxy's to the server, was lost before the whole answer was there. */
  | 'lost'
  /** The server, or a proxy, has waited for an answer in vain. */
  | 'overdue'
  /** The server failed, or what came is no answer of it. */
  | 'failed'
  /** The server refused the call: another try would be refused too. */
  | 'refused';

/** What may be repeated after which failure, and whether a write may have been applied. */
export const AFTER: Readonly<Record<Failure, { repeat: readonly Safety[]; unknown: boolean }>> = {
  unsent: { repeat: ['read', 'write', 'idempotent'], unknown: false },
  declined: { repeat: ['read', 'write', 'idempotent'], unknown: false },
  lost: { repeat: ['read', 'idempotent'], unknown: true },
  overdue: { repeat: ['idempotent'], unknown: true },
  failed: { repeat: [], unknown: true },
  refused: { repeat: [], unknown: false },
};

/** How an answer that is no success failed, a redirection included; `code` is undefined where the answer is a proxy's and not Cubby's. */
export function failureOf(status: number, code: string | undefined): Failure {
  // Cubby's 503 says that nothing ran. A proxy's may also mean that the connection behind it broke on the way.
  if (status === 429 || (status === 503 && code !== undefined)) return 'declined';
  if (status === 502 || status === 503) return 'lost';
  if (status === 504) return 'overdue';
  return status < 500 || status === 507 ? 'refused' : 'failed';
}

const FIRST_MS = 100;
const LONGEST_MS = 2000;

/**
 * Milliseconds before the next attempt: as long as the server asks for, and else twice as long each time. Up to half of
 * it is left to chance (`random` from 0 to 1), so that clients that failed together do not come back together.
 */
export function pauseMs(attempt: number, retryAfterMs: number | undefined, random: number): number {
  const backoff = Math.min(FIRST_MS * 2 ** attempt, LONGEST_MS);
  return retryAfterMs === undefined ? backoff * (0.5 + random / 2) : retryAfterMs + (backoff * random) / 2;
}

/** The header Retry-After in milliseconds (RFC 9110, section 10.2.3); undefined where it says nothing. */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
