import { hashToken, type TokenType, tokenType } from '../../contract/token.ts';

/** What is known of a token that decides whether it is accepted. */
export interface Grant {
  type: TokenType;
  /** Milliseconds since 1970 from which on the token is refused; Infinity where it never expires. */
  expiresAt: number;
}

/** Why a request carries no valid token. */
export type Refusal = 'missing' | 'malformed' | 'unknown' | 'expired';

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
  const token = /^Bearer +([^ ]+) *$/i.exec(authorization)?.[1];
  const type = token === undefined ? undefined : tokenType(token);
  if (token === undefined || type === undefined) return 'malformed';
  const grant = find(hashToken(token));
  // An object that lists a hash under another type than the token's own is not one that the operator wrote.
  if (grant?.type !== type) return 'unknown';
  return now < grant.expiresAt ? grant : 'expired';
}
