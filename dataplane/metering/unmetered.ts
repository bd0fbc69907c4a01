import { historySlots, pointOf } from './history.ts';
import { periodAt, periodStart } from './period.ts';
import type { Meter, Reservation } from './port.ts';
import { createTally } from './tally.ts';

const FREE: Reservation = {
  covered: true,
  remaining: undefined,
  settle: () => ({ charged: 0, remaining: undefined }),
};

const NONE = { count: 0n, nanoTokens: 0n };

/** The meter of an installation without a ledger: it allows everything and counts nothing. */
export function createUnmetered(): Meter {
  return {
    permit: () => undefined,
    reserve: () => FREE,
    usage: async () => ({
      periodStart: periodStart(periodAt(Date.now())),
      periodEnd: periodStart(periodAt(Date.now()) + 1),
      budget: undefined,
      used: 0n,
      remaining: undefined,
      operations: { get: NONE, set: NONE, delete: NONE, increment: NONE, scan: NONE },
    }),
    history: async ({ project }, resolution) =>
      historySlots(project, resolution, Date.now()).map((slot) => pointOf(slot, createTally(), [])),
    close: async () => {},
  };
}
