/** The codes that the API gives errors; docs/errors.md says when each comes and what to do. */
export type WireErrorCode =
  | 'bad_request'
  | 'project_required'
  | 'unauthorized'
  | 'insufficient_tokens'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'not_a_number'
  | 'overflow'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'internal_error'
  | 'store_unavailable'
  | 'store_hibernated'
  | 'outcome_unknown'
  | 'store_full';

/** A key with its value; `expires_at` is ISO 8601 in UTC, null where the key does not expire. */
export interface Entry<T = unknown> {
  key: string;
  value: T;
  expires_at: string | null;
}

/** A counter after it was changed. */
export interface Counter extends Entry<number> {
  status: 'ok';
}

/** What a delete answers; a key that is not there is an error instead. */
export interface Deleted {
  key: string;
  deleted: true;
  status: 'ok';
}

/** A page of names; `next_cursor` is null on the last one, and any page may be short or empty. */
export interface Page {
  keys: string[];
  next_cursor: string | null;
  status: 'ok';
}

/** One operation of a batch; `ttl` in seconds. */
export type BatchOperation =
  | { op: 'get'; key: string }
  | { op: 'set'; key: string; value: unknown; ttl?: number | undefined }
  | { op: 'delete'; key: string };

/** What came of one operation of a batch; `value` is what was read or written, null after a delete. */
export type BatchResult =
  | { key: string; value: unknown; status: 'ok' | 'not_found' }
  | { key: string; value: null; status: 'error'; code: WireErrorCode; message: string };
