import { CubbyError } from '../../../sdk/src/index.ts';

/** An error in words for the one who reads the page. */
export interface Problem {
  title: string;
  /** What the API says of this case. */
  detail: string;
  /** What to do; empty where `detail` says it. */
  remedy: string;
  code: string;
  requestId: string | undefined;
  /** Milliseconds after which another try makes sense; undefined where only a change would help. */
  retryAfterMs: number | undefined;
}

/** Title and remedy by code, after docs/errors.md. */
const WORDS: Record<string, { title: string; remedy?: string; retryMs?: number }> = {
  bad_request: { title: 'The request was refused' },
  project_required: { title: 'No project is chosen', remedy: 'Choose one at the top of the page.' },
  unauthorized: { title: 'Signed out', remedy: 'Sign in with a token that is valid.' },
  insufficient_tokens: {
    title: 'The token budget is used up',
    remedy: 'Nothing ran. Wait for the next month, or raise spec.limits.tokensPerMonth or spec.plan of the KVStore.',
  },
  forbidden: {
    title: 'This token may not do that',
    remedy: 'Sign in with another token, or add the scope to the KVToken.',
  },
  not_found: { title: 'Not found' },
  conflict: { title: 'It is there already' },
  not_a_number: { title: 'Not a number', remedy: 'The value stays as it is. Write a number first.' },
  overflow: { title: 'The number would be too large', remedy: 'The value stays as it is.' },
  payload_too_large: { title: 'The value is too large', remedy: 'A value may have 262,144 bytes of JSON text.' },
  rate_limited: { title: 'Too many requests', remedy: 'The project is at its limit for the moment.', retryMs: 1000 },
  internal_error: {
    title: 'The server failed',
    remedy: 'Give the request id to whoever runs Cubby: the log has the cause under it. A write may have been applied.',
  },
  store_unavailable: { title: 'The store does not answer right now', remedy: 'Nothing ran.', retryMs: 3000 },
  store_hibernated: { title: 'The store is hibernated', remedy: 'Its data is kept. Enable it in the settings.' },
  outcome_unknown: {
    title: 'It is not known whether this was written',
    remedy: 'The reply was lost. Look at the key, then decide whether to write again.',
  },
  store_full: { title: 'The store is full', remedy: 'Delete keys, or give the store more memory in the settings.' },
  network_error: { title: 'The server cannot be reached', remedy: 'Check the connection.', retryMs: 5000 },
  timeout: { title: 'The server took too long', remedy: 'Try again in a moment.', retryMs: 5000 },
};

/** Says what an error means and what to do about it. */
export function explain(error: unknown): Problem {
  if (!(error instanceof CubbyError)) {
    const detail = error instanceof Error ? error.message : String(error);
    // The SDK refuses so what could not stand in a request.
    const refused = error instanceof TypeError;
    return {
      title: refused ? 'This cannot be sent' : 'The page failed',
      detail: sentence(detail),
      remedy: refused ? '' : 'Reload it.',
      code: 'page_error',
      requestId: undefined,
      retryAfterMs: undefined,
    };
  }
  const { code, detail, requestId, outcomeUnknown } = error;
  const words = (outcomeUnknown ? WORDS.outcome_unknown : WORDS[code]) ?? { title: 'The call failed' };
  const waits = words.retryMs !== undefined;
  return {
    title: words.title,
    detail: sentence(detail),
    remedy: words.remedy ?? '',
    code,
    requestId,
    retryAfterMs: waits ? (error.retryAfterMs ?? words.retryMs) : undefined,
  };
}

/** The API's details begin small and end without a full stop. */
function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  return `${trimmed[0]?.toUpperCase()}${trimmed.slice(1)}${/[.!?]$/.test(trimmed) ? '' : '.'}`;
}
