import { type Answer, lostAnswer, type Outcome, readAnswer } from './attempt.ts';
import { acceptsCache, headersOf, queryOf, readBase, readToken } from './connection.ts';
import { CubbyError } from './error.ts';
import { startLimit } from './limit.ts';
import type { ClientOptions, DurableOptions } from './options.ts';
import { AFTER, pauseMs, type Safety } from './retry.ts';

/** One call of the API. */
export interface Call {
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the base, percent-encoded. */
  path: string;
  query?: Readonly<Record<string, string | number | undefined>>;
  /** A JSON text. */
  body?: string;
  safety: Safety;
  options: DurableOptions | undefined;
}

/** Makes a call and repeats it where that is safe; rejects with CubbyError, or with the reason of a caller's signal. */
export type Send = <T>(call: Call) => Promise<Answer<T>>;

/** What the clients send by. The closure alone holds the token, so that no look at a client shows it. */
export function createSend(connection: ClientOptions): Send {
  const { projectId, retries = 2, signal } = connection;
  const base = readBase(connection.baseUrl);
  const token = readToken(connection.token);
  const fetch = connection.fetch ?? ((url, init) => globalThis.fetch(url, init));

  return async <T>({ method, path, query, body, safety, options = {} }: Call) => {
    const timeoutMs = options.timeoutMs ?? connection.timeoutMs ?? 10_000;
    const limit = startLimit(timeoutMs, [options.signal, signal]);
    const url = `${base}${path}${queryOf({ project_id: projectId, ...query })}`;
    const init: RequestInit = {
      method,
      headers: headersOf(token, body, options),
      signal: limit.signal,
      // A redirection would make a GET of a POST: it is reported and never followed.
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
      ...(options.cache !== undefined && acceptsCache() ? { cache: options.cache } : {}),
    };
    let outcomeUnknown = false;

    const attempt = async (): Promise<Outcome> => {
      try {
        return await limit.race(fetch(url, init).then(readAnswer));
      } catch (error) {
        if (!limit.signal.aborted) return lostAnswer(error, token);
        outcomeUnknown ||= safety !== 'read';
        throw limit.signal.reason;
      }
    };

    try {
      limit.signal.throwIfAborted();
      for (let repeated = 0; ; repeated++) {
        const outcome = await attempt();
        if ('answer' in outcome) return outcome.answer as Answer<T>;
        const { repeat, unknown } = AFTER[outcome.failure];
        outcomeUnknown ||= unknown && safety !== 'read';
        const pause = pauseMs(repeated, outcome.error.retryAfterMs, Math.random());
        if (repeated >= retries || !repeat.includes(safety) || pause >= limit.left()) {
          throw new CubbyError({ ...outcome.error, outcomeUnknown });
        }
        await limit.sleep(pause);
      }
    } catch (error) {
      if (!limit.expired() || error instanceof CubbyError) throw error;
      throw new CubbyError({ code: 'timeout', detail: `no answer within ${timeoutMs} ms`, outcomeUnknown });
    } finally {
      limit.end();
    }
  };
}

/** Whether a write may be repeated after a lost answer, as its caller says. */
export function safetyOf(options: { idempotent?: boolean | undefined } | undefined): Safety {
  return options?.idempotent === true ? 'idempotent' : 'write';
}
