import type { Operation } from '../pipeline/operation.ts';
import { isCharged, isLimited } from './errors.ts';

const TOKENS = '^-?[0-9]+(\\.[0-9]{1,9})?$';

/** Every header that an answer may carry besides those of HTTP itself (Date, Connection, Content-Length, …). */
export const HEADERS = {
  'X-Request-Id': {
    description: 'The id of the request in the log. One that the request brought is kept where it is a sane one',
    required: true,
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$' },
  },
  'Cache-Control': {
    description: 'How long the answer may be kept; `no-store` wherever it shows what a store holds',
    required: true,
    schema: { type: 'string' },
  },
  'X-RateLimit-Limit': {
    description: 'Requests per second that the project may make; absent where there is no limit',
    schema: { type: 'number', minimum: 0 },
  },
  'X-RateLimit-Remaining': {
    description: 'Requests that may follow at once',
    schema: { type: 'number', minimum: 0 },
  },
  'X-RateLimit-Reset': {
    description: 'Seconds until the whole burst may be used again',
    schema: { type: 'number', minimum: 0 },
  },
  'X-Tokens-Charged': {
    description: 'What the call cost, in tokens; absent where there is no budget',
    schema: { type: 'string', pattern: TOKENS, examples: ['0.0000008'] },
  },
  'X-Tokens-Remaining': {
    description: 'What is left of the budget of this month, in tokens',
    schema: { type: 'string', pattern: TOKENS, examples: ['0.4999992'] },
  },
  'Retry-After': {
    description: 'Seconds after which the call is worth repeating',
    required: true,
    schema: { type: 'integer', minimum: 1 },
  },
  'WWW-Authenticate': {
    description: 'The scheme in which to send the token',
    required: true,
    schema: { type: 'string', const: 'Bearer' },
  },
  Allow: {
    description: 'The methods of the path',
    required: true,
    schema: { type: 'string', examples: ['DELETE, GET, PUT'] },
  },
} as const;

type Name = keyof typeof HEADERS;

const OF_ALL: readonly Name[] = ['X-Request-Id', 'Cache-Control'];
const OF_LIMITS: readonly Name[] = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'];
const OF_BUDGETS: readonly Name[] = ['X-Tokens-Charged', 'X-Tokens-Remaining'];
const OF_STATUS: Readonly<Record<number, readonly Name[]>> = {
  401: ['WWW-Authenticate'],
  405: ['Allow'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** Answers with these come before the project is known whose limits might be told of. */
const BEFORE_LIMITS = new Set([401, 403, 405, 415]);

/** Answers with these come before the budget is asked. */
const BEFORE_BUDGET = new Set([...BEFORE_LIMITS, 429]);

/** The headers that an operation's answer of that status may carry. */
export function headersOf(operation: Operation, status: number): readonly Name[] {
  return [
    ...OF_ALL,
    ...(OF_STATUS[status] ?? []),
    ...(isLimited(operation) && !BEFORE_LIMITS.has(status) ? OF_LIMITS : []),
    ...(isCharged(operation) && !BEFORE_BUDGET.has(status) ? OF_BUDGETS : []),
  ];
}
