import type { Middleware } from './context.ts';
import { ApiError } from './errors.ts';

/** Memory that bodies of requests and answers take up in this process now. */
export interface Budget {
  held: number;
  /** From so many bytes on, new requests are turned away, and bodies on their way in are read no further. */
  readonly limit: number;
}

/** An unused budget of `limit` bytes. */
export function createBudget(limit: number): Budget {
  return { held: 0, limit };
}

/**
 * Turns requests away while bodies fill the budget, and counts this one's bodies until the answer has left: clients
 * that read slowly hold memory as long as they do. readBody counts what comes in through `ctx.state.heldBytes`.
 */
export function admission(budget: Budget): Middleware {
  return async (ctx, next) => {
    if (budget.held >= budget.limit) throw busy();
    ctx.state.heldBytes = 0;
    let closed = false;
    ctx.res.once('close', () => {
      closed = true;
      budget.held -= ctx.state.heldBytes;
    });
    await next();
    // The client went away before its answer: there is no later moment at which its bytes would be given back.
    if (closed) return;
    const bytes = ctx.response.length ?? 0;
    // A read can be turned away even now, and many large ones may come back at once; a write has run by then.
    if (ctx.method === 'GET' && budget.held + bytes > budget.limit) throw busy();
    hold(budget, ctx.state, bytes);
  };
}

/** The answer to a request that the budget has no room for. */
export function busy(): ApiError {
  return new ApiError('store_unavailable', 'the data plane is busy; try again');
}

/** Counts `bytes` against the budget until the request ends. */
export function hold(budget: Budget, state: { heldBytes: number }, bytes: number): void {
  budget.held += bytes;
  state.heldBytes += bytes;
}
