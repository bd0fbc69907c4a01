import type { WireErrorCode } from './wire.ts';

/**
 * The API's codes, and three of the client's own: `network_error` (no answer came), `timeout` (none came within the
 * limit) and `unexpected_answer` (what came is not Cubby's). A newer server may know further codes.
 */
export type CubbyErrorCode =
  | WireErrorCode
  | 'network_error'
  | 'timeout'
  | 'unexpected_answer'
  | (string & Record<never, never>);

/** What an error is made of. */
export interface CubbyErrorFields {
  code: CubbyErrorCode;
  detail: string;
  status?: number | undefined;
  requestId?: string | undefined;
  retryAfterMs?: number | undefined;
  outcomeUnknown?: boolean | undefined;
}

/** Why a call failed. Decide by `code`; `detail` is for people and may change. Neither ever holds the token. */
export class CubbyError extends Error {
  override readonly name = 'CubbyError';
  readonly code: CubbyErrorCode;
  /** The HTTP status; 0 where no answer came. */
  readonly status: number;
  readonly detail: string;
  /** Under which the data plane's log has the request; undefined where no answer came. */
  readonly requestId: string | undefined;
  /** How long to wait before another try, where the server says so. */
  readonly retryAfterMs: number | undefined;
  /** Whether this was a write that may have been applied all the same: read before you repeat it. */
  readonly outcomeUnknown: boolean;

  constructor({ code, detail, status = 0, requestId, retryAfterMs, outcomeUnknown = false }: CubbyErrorFields) {
    super(`${code}: ${detail}`);
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
    this.outcomeUnknown = outcomeUnknown;
  }
}
