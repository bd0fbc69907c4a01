import { hashToken, type TokenType, tokenType } from '../../contract/token.ts';
import { ISSUED_AT_ANNOTATION, TOKEN_HASH_ANNOTATION } from '../resources/token-secret.ts';
import type { Secret } from './kinds.ts';

/** A token and when it was made, RFC 3339. */
export interface IssuedToken {
  token: string;
  issuedAt: string;
}

/** The token in a Secret; undefined where it is missing, malformed, of another type, or not the one that was issued. */
export function readIssued(secret: Secret, type: TokenType): IssuedToken | undefined {
  const token = Buffer.from(secret.data?.token ?? '', 'base64').toString();
  const { [TOKEN_HASH_ANNOTATION]: hash, [ISSUED_AT_ANNOTATION]: issuedAt } = secret.metadata.annotations ?? {};
  if (tokenType(token) !== type || hashToken(token) !== hash) return undefined;
  return issuedAt !== undefined && !Number.isNaN(Date.parse(issuedAt)) ? { token, issuedAt } : undefined;
}
