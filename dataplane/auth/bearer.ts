import { hashToken, type TokenType, tokenType } from '../../contract/token.ts';

/** What is known of a token that decides whether it is accepted. */
export interface Grant {
  type: TokenType;
  /** Milliseconds since 1970 from which on the token is refused; Infinity where it never expires. */
  expiresAt: number;
}

/** Why a request carries no valid token. */
export type Refusal = 'missing' | 'malformed' | 'unknown' | 'expired';

interface Presented {
  type: TokenType;
  hash: string;
}

/**
 * What headers hold whose token was found: clients repeat theirs, and hashing it costs more than all else here. Only
 * these, so that nobody fills the memory by guessing. Whether the token still holds is asked each time.
 */
const presented = new Map<string, Presented>();
const MOST_PRESENTED = 4096;
/** More than any token takes with `Bearer` and a space. */
const MOST_LENGTH = 64;

/**
 * The grant of the token in an Authorization header (RFC 6750), or why there is none. A token whose checksum is wrong
 * is refused without a look-up. `find` is given the token's SHA-256; comparing hashes by look-up gives nothing away,
 * since nobody can choose a token by its hash.
 */
export function authenticate<G extends Grant>(
  authorization: string | undefined,
  find: (hash: string) => G | undefined,
  now: number,
): G | Refusal {
  if (!authorization) return 'missing';
  const known = presented.get(authorization);
  const token = known ?? read(authorization);
  if (token === undefined) return 'malformed';
  const grant = find(token.hash);
  // An object that lists a hash under another type than the token's own is not one that the operator wrote.
  if (grant?.type !== token.type) return 'unknown';
  if (!known && authorization.length <= MOST_LENGTH) remember(authorization, token);
  return now < grant.expiresAt ? grant : 'expired';
}

function read(authorization: string): Presented | undefined {
  const token = /^Bearer +([^ ]+) *$/i.exec(authorization)?.[1];
  const type = token === undefined ? undefined : tokenType(token);
  return token === undefined || type === undefined ? undefined : { type, hash: hashToken(token) };
}

function remember(authorization: string, token: Presented): void {
  const [oldest] = presented.size < MOST_PRESENTED ? [] : presented.keys();
  if (oldest !== undefined) presented.delete(oldest);
  // A copy: a part of a string keeps the whole in memory, which may be a request with its body.
  presented.set(Buffer.from(authorization, 'latin1').toString('latin1'), token);
}
