import { ERRORS, type ErrorCode } from '../pipeline/errors.ts';
import type { Operation } from '../pipeline/operation.ts';

interface Step {
  passedBy: (operation: Operation) => boolean;
  throws: readonly ErrorCode[];
}

/** What the steps of the pipeline throw; an operation names only what its own `run` adds. */
const STEPS: readonly Step[] = [
  // The query is checked for every call.
  { passedBy: () => true, throws: ['bad_request', 'method_not_allowed', 'internal_error'] },
  // Guesses at tokens are limited, and calls are turned away while there is no room for them.
  { passedBy: ({ access }) => access !== 'none', throws: ['unauthorized', 'rate_limited', 'store_unavailable'] },
  { passedBy: ({ access }) => access !== 'none' && access !== 'token', throws: ['forbidden'] },
  { passedBy: ({ body }) => body !== undefined, throws: ['payload_too_large', 'unsupported_media_type'] },
  { passedBy: ({ target }) => target === 'store', throws: ['project_required', 'not_found', 'store_hibernated'] },
  { passedBy: isLimited, throws: ['rate_limited'] },
  { passedBy: isCharged, throws: ['insufficient_tokens'] },
  {
    passedBy: ({ target, access }) => target === 'store' && access === 'kv:write',
    throws: ['outcome_unknown'],
  },
];

/** Whether a rate limit may apply, so that answers may carry the X-RateLimit headers; it is not for who manages. */
export function isLimited({ target, access }: Operation): boolean {
  return target !== 'none' && access !== 'system:admin';
}

/** Whether a budget applies, so that answers may carry the X-Tokens headers. */
export function isCharged({ charge }: Operation): boolean {
  return charge !== undefined;
}

/** The codes that an operation can answer with, by status, both in the order of the list of codes. */
export function errorsOf(operation: Operation): ReadonlyMap<number, readonly ErrorCode[]> {
  const possible = new Set(operation.errors);
  for (const step of STEPS) if (step.passedBy(operation)) for (const code of step.throws) possible.add(code);
  const codes = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => possible.has(code));
  return Map.groupBy(codes, (code) => ERRORS[code].status);
}
