import { authenticate as authenticateBearer, type Refusal } from '../auth/bearer.ts';
import type { TokenIndex } from '../directory/tokens.ts';
import type { Middleware } from './context.ts';
import { ApiError } from './errors.ts';

const REFUSALS: Readonly<Record<Refusal, string>> = {
  missing: 'send the token in the header Authorization: Bearer <token>',
  malformed: 'the token is incomplete or mistyped; take it from the Secret of its KVToken',
  unknown: 'the token is not known, or was revoked; take it from the Secret of its KVToken',
  expired: 'the token has expired; see spec.expiresAt of its KVToken',
};

/** Sets `token`, or answers 401. `now` is in ms since 1970. */
export function authenticate(tokens: TokenIndex, now: () => number): Middleware {
  return (ctx, next) => {
    const token = authenticateBearer(ctx.req.headers.authorization, tokens.find, now());
    if (typeof token === 'string') throw new ApiError('unauthorized', REFUSALS[token]);
    ctx.state.token = token;
    return next();
  };
}

/** Answers 403 where the token lacks the scope. */
export function requireScope(scope: 'kv:read' | 'kv:write'): Middleware {
  return (ctx, next) => {
    if (!ctx.state.token.scopes.has(scope)) throw new ApiError('forbidden', `the token lacks the scope ${scope}`);
    return next();
  };
}
