import type { CubbyErrorFields } from './error.ts';
import { type Failure, failureOf, readRetryAfter } from './retry.ts';

/** An answer as it came and what it says. */
export interface Answer<T = unknown> {
  text: string;
  json: T;
}

/** What came of sending a request once: the answer, or why there is none. */
export type Outcome = { answer: Answer } | { failure: Failure; error: CubbyErrorFields };

/** Reads an answer to its end; rejects where the connection is lost before it. */
export async function readAnswer(response: Response): Promise<Outcome> {
  const text = await response.text();
  const { status, headers } = response;
  const json = parse(text);
  if (response.ok) {
    if (json !== undefined) return { answer: { text, json } };
    return {
      failure: 'failed',
      error: { code: 'unexpected_answer', status, detail: `the answer is no JSON; ${CHECK}` },
    };
  }
  const problem = typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  const code = typeof problem.code === 'string' ? problem.code : undefined;
  const error: CubbyErrorFields = {
    code: code ?? 'unexpected_answer',
    status,
    detail: code === undefined ? foreign(status) : String(problem.detail ?? problem.message ?? code),
    requestId: headers.get('x-request-id') ?? undefined,
    retryAfterMs: readRetryAfter(headers.get('retry-after'), Date.now()),
  };
  return { failure: failureOf(status, code), error };
}

const CHECK = 'is baseUrl that of Cubby?';

// A browser hides what a redirection was and gives it the status 0.
function foreign(status: number): string {
  if (status === 0 || (status >= 300 && status < 400)) {
    return 'baseUrl redirects, and calls do not follow: give the address that it redirects to';
  }
  return `status ${status} without an error of Cubby; ${CHECK}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a rejection of fetch, or of reading its answer, means; the token is struck out of what it says. */
export function lostAnswer(error: unknown, token: string): Outcome {
  const { message = String(error), cause } = (error ?? {}) as { message?: string; cause?: Cause };
  const why = cause?.code ?? cause?.message;
  const detail = (why === undefined ? message : `${message}: ${why}`).replaceAll(token, '***');
  const failure = UNSENT.includes(String(cause?.code)) ? 'unsent' : 'lost';
  return { failure, error: { code: 'network_error', detail } };
}

interface Cause {
  code?: string;
  message?: string;
}

/** What Node calls failures that can only come before a connection stands; browsers tell none apart. */
const UNSENT: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'];
