import type { Budget } from '../pipeline/admission.ts';

/** What one request counts as held in memory. */
export interface Held {
  /** Counts bytes for `tenant`. */
  hold(bytes: number, tenant?: string): void;
  /** Gives all of them back, once the answer has left or the client has gone. */
  release(): void;
}

/** A request that holds nothing yet. */
export function createHeld(budget: Budget): Held {
  const held: [bytes: number, tenant: string | undefined][] = [];
  return {
    hold(bytes, tenant) {
      held.push([bytes, tenant]);
      budget.hold(bytes, tenant);
    },
    release() {
      for (const [bytes, tenant] of held) budget.hold(-bytes, tenant);
    },
  };
}
