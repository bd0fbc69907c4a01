import type { Counts } from '../metering/port.ts';
import { StoreError, type StoreFailure } from '../store/port.ts';

/** Every error code of the API and its HTTP status; docs/errors.md says when each is given and what to do. */
export const ERRORS = {
  bad_request: { status: 400, title: 'The request is not valid' },
  project_required: { status: 400, title: 'The request names no project' },
  unauthorized: { status: 401, title: 'The request carries no valid token' },
  insufficient_tokens: { status: 402, title: 'The budget does not cover the call' },
  forbidden: { status: 403, title: 'The token does not allow this' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'The route has no such method' },
  conflict: { status: 409, title: 'What is there already stands against it' },
  not_a_number: { status: 409, title: 'The value is not a number' },
  overflow: { status: 409, title: 'The result is beyond the numbers that JSON keeps exactly' },
  payload_too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'The body is not JSON' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'The data plane failed' },
  store_unavailable: { status: 503, title: 'The store takes no requests now' },
  store_hibernated: { status: 503, title: 'The store is hibernated' },
  outcome_unknown: { status: 504, title: 'The outcome of a write is unknown' },
  store_full: { status: 507, title: 'The store is full' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

interface ApiErrorOptions {
  headers?: Readonly<Record<string, string>>;
  /** What was run all the same and is charged. */
  ran?: Counts;
}

/** Ends a request with an error answer; the message becomes its `detail` and must hold nothing secret. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly ran: Counts | undefined;

  constructor(code: ErrorCode, message: string, { headers = HEADERS[code] ?? {}, ran }: ApiErrorOptions = {}) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.headers = headers;
    this.ran = ran;
  }
}

/** Seconds: Redis is usually back in one or two; waking a store takes an operator's hand. */
const HEADERS: Readonly<Partial<Record<ErrorCode, Readonly<Record<string, string>>>>> = {
  unauthorized: { 'WWW-Authenticate': 'Bearer' },
  store_unavailable: { 'Retry-After': '1' },
  store_hibernated: { 'Retry-After': '30' },
};

const STORE_FAILURES: Readonly<Record<StoreFailure, ErrorCode>> = {
  unavailable: 'store_unavailable',
  unknown: 'outcome_unknown',
  full: 'store_full',
  'wrong-type': 'conflict',
  'not-a-number': 'not_a_number',
  overflow: 'overflow',
  failed: 'internal_error',
};

/** What the client gets to know of anything that was thrown; what is not ours becomes an internal_error without detail. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof StoreError) return new ApiError(STORE_FAILURES[error.failure], error.message);
  return new ApiError('internal_error', 'an unexpected error; the log has it under this request_id');
}

/** An error as application/problem+json (RFC 9457), with `code`, `message` and `request_id` beside the standard members. */
export function problem(error: ApiError, requestId: string): string {
  const { status, title } = ERRORS[error.code];
  const type = `https://cubby.dev/errors/${error.code}`;
  const { code, message } = error;
  return JSON.stringify({ type, title, status, detail: message, code, message, request_id: requestId });
}
