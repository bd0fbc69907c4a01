import type { Middleware } from './context.ts';
import { ApiError } from './errors.ts';

/** Memory that bodies of requests and answers take up in this process now. */
export interface Budget {
  held: number;
  /** From so many bytes on, new requests are turned away. */
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
    if (budget.held >= budget.limit) throw new ApiError('store_unavailable', 'the data plane is busy; try again');
    ctx.state.heldBytes = 0;
    ctx.res.once('close', () => {
      budget.held -= ctx.state.heldBytes;
    });
    await next();
    hold(budget, ctx.state, ctx.response.length ?? 0);
  };
}

/** Counts `bytes` against the budget until the request ends. */
export function hold(budget: Budget, state: { heldBytes: number }, bytes: number): void {
  budget.held += bytes;
  state.heldBytes += bytes;
}
