import { authenticate as authenticateBearer, type Refusal } from '../auth/bearer.ts';
import type { TokenIndex, TokenRecord } from '../directory/tokens.ts';
import { ApiError } from './errors.ts';
import type { Access } from './operation.ts';

const REFUSALS: Readonly<Record<Refusal, string>> = {
  missing: 'send the token in the header Authorization: Bearer <token>',
  malformed: 'the token is incomplete or mistyped; take it from the Secret of its KVToken',
  unknown: 'the token is not known, or was revoked; take it from the Secret of its KVToken',
  expired: 'the token has expired; see spec.expiresAt of its KVToken',
};

/** The token of an Authorization header; throws unauthorized where it is not valid at `now`, in ms since 1970. */
export function authenticate(tokens: TokenIndex, authorization: string | undefined, now: number): TokenRecord {
  const token = authenticateBearer(authorization, tokens.find, now);
  if (typeof token === 'string') throw new ApiError('unauthorized', REFUSALS[token]);
  return token;
}

/** Throws forbidden, with what is missing, where the token does not allow the access. */
export function authorize(token: TokenRecord, access: Access): void {
  if (access === 'token' || access === 'none' || token.scopes.has(access)) return;
  if (access === 'kv:read' || access === 'kv:write') {
    throw new ApiError('forbidden', `the token lacks the scope ${access}`);
  }
  const { role } = token;
  if (role === 'SystemAdmin' || (role === 'SystemRead' && access === 'system:read')) return;
  // A token that is bound to a project may read how that project is.
  if (access === 'system:read' && token.type !== 'ApiKey') return;
  const needed = access === 'system:admin' ? 'SystemAdmin' : 'SystemRead';
  throw new ApiError('forbidden', `the token lacks the role ${needed}; see spec.role of its KVToken`);
}
