import { type ApiRequest, isWrite } from './request.ts';

/** What becomes of a request. */
export type Fate =
  | { do: 'pass' }
  /** The server never hears of it. `dies`: nor does whoever sent it ever do anything again. */
  | { do: 'lose'; dies: boolean }
  /** The server does it, and nobody hears of that. */
  | { do: 'lose-reply'; dies: boolean }
  /** The reply arrives, and then whoever asked ends. */
  | { do: 'reply-and-die' }
  /** The server is not asked. */
  | { do: 'refuse'; status: number; reason: string; retryAfterSeconds?: number }
  /** No answer comes, and the connection stays. */
  | { do: 'hang' };

/** Decides on one request after the other. */
export type Script = (request: ApiRequest) => Fate;

export const pass: Fate = { do: 'pass' };

/**
 * The ways to die at a write: before the server heard of it, after its reply, after it without the reply; and the reply
 * lost to an operator that lives on.
 */
export const deaths = {
  before: { do: 'lose', dies: true },
  after: { do: 'reply-and-die' },
  unheard: { do: 'lose-reply', dies: true },
  deaf: { do: 'lose-reply', dies: false },
} as const satisfies Record<string, Fate>;

export type Death = keyof typeof deaths;

/** Events tell of the work and are no part of it. */
export function isWork(request: ApiRequest): boolean {
  return isWrite(request) && request.resource !== 'events' && request.resource !== 'leases';
}

/** Counts the writes, and gives the `at`-th that fate; all others pass. */
export function strikeAt(at: number, fate: Fate): { script: Script; writes: () => number } {
  let writes = 0;
  return {
    script: (request) => (isWork(request) && ++writes === at ? fate : pass),
    writes: () => writes,
  };
}
