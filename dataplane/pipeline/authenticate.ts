import type { Attempts } from '../auth/attempts.ts';
import { authenticate as authenticateBearer, type Refusal } from '../auth/bearer.ts';
import type { Reach } from '../directory/reach.ts';
import type { TokenIndex, TokenRecord } from '../directory/tokens.ts';
import type { Request } from './call.ts';
import { ApiError } from './errors.ts';
import type { Access } from './operation.ts';

const REFUSALS: Readonly<Record<Refusal, string>> = {
  missing: 'send the token in the header Authorization: Bearer <token>',
  malformed: 'the token is incomplete or mistyped; take it from the Secret of its KVToken',
  unknown: 'the token is not known, or was revoked; take it from the Secret of its KVToken',
  expired: 'the token has expired; see spec.expiresAt of its KVToken',
};

/**
 * The token of a request; throws unauthorized where it is not valid at `now`, in ms since 1970, and rate_limited where
 * too many were not from the same source. A valid token is never refused: clients behind one address share the source.
 */
export function authenticate(
  tokens: TokenIndex,
  request: Pick<Request, 'headers' | 'remote'>,
  attempts: Attempts | undefined,
  now: number,
): TokenRecord {
  const token = authenticateBearer(request.headers.authorization, tokens.find, now);
  if (typeof token !== 'string') return token;
  const waitSeconds = attempts?.fail(request.remote(), now) ?? 0;
  if (waitSeconds === 0) throw new ApiError('unauthorized', REFUSALS[token]);
  throw new ApiError('rate_limited', `too many requests without a valid token; ${REFUSALS[token]}`, {
    // Whoever tries tokens has to connect for each.
    headers: { 'Retry-After': String(waitSeconds), Connection: 'close' },
  });
}

/** Throws forbidden, with what is missing, where the token does not allow the access; see authorizeReading as well. */
export function authorize(token: TokenRecord, access: Access): void {
  if (access === 'kv:read' || access === 'kv:write') {
    if (!token.scopes.has(access)) throw new ApiError('forbidden', `the token lacks the scope ${access}`);
  } else if (access === 'system:admin' && token.role !== 'SystemAdmin') {
    throw lacksRole('SystemAdmin');
  }
}

/**
 * Throws forbidden where a token may not read how a project is: a key of the system namespace reaches every project,
 * but without a role it reads only how those of its own namespace are. All other tokens reach no project of others.
 */
export function authorizeReading(token: TokenRecord, found: Reach, systemNamespace: string): void {
  if (token.type !== 'ApiKey' || token.namespace !== systemNamespace || token.role !== undefined) return;
  // Said also of a project that does not exist, so that this is no way to find out which do.
  if (found.ref?.namespace !== token.namespace) throw lacksRole('SystemRead');
}

function lacksRole(role: 'SystemAdmin' | 'SystemRead'): ApiError {
  const remedy = 'use an API key whose KVToken is in the system namespace and has that spec.role';
  return new ApiError('forbidden', `the token lacks the role ${role}; ${remedy}`);
}
