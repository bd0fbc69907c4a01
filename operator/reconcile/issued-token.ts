import { parseTime } from '../../contract/time.ts';
import { hashToken, type TokenType, tokenType } from '../../contract/token.ts';
import {
  ISSUED_AT_ANNOTATION,
  type IssuedToken,
  ROTATED_FOR_ANNOTATION,
  ROTATED_FROM_ANNOTATION,
  TOKEN_HASH_ANNOTATION,
} from '../resources/token-secret.ts';
import type { Secret } from './kinds.ts';

/** The token in a Secret; undefined where it is missing, malformed, of another type, or not the one that was issued. */
export function readIssued(secret: Secret, type: TokenType): IssuedToken | undefined {
  const token = Buffer.from(secret.data?.token ?? '', 'base64').toString();
  const annotations = secret.metadata.annotations ?? {};
  const issuedAt = annotations[ISSUED_AT_ANNOTATION];
  if (tokenType(token) !== type || hashToken(token) !== annotations[TOKEN_HASH_ANNOTATION]) return undefined;
  if (issuedAt === undefined || parseTime(issuedAt) === undefined) return undefined;
  return {
    token,
    issuedAt,
    rotatedFrom: annotations[ROTATED_FROM_ANNOTATION],
    rotatedFor: annotations[ROTATED_FOR_ANNOTATION],
  };
}
