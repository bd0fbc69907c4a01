import type { PricedOperation } from '../../contract/prices.ts';
import type { Permit } from '../limits/permits.ts';

export type { Permit };

/** How many of each operation. */
export type Counts = Readonly<Partial<Record<PricedOperation, number>>>;

/** What a project may use. The directory keeps one object as long as nothing in it changes. */
export interface Account {
  project: string;
  limits: {
    requestsPerSecond?: number;
    burst?: number;
    /** Beyond 2^53−1, which is 9,007,199 tokens, it counts as that. */
    nanoTokensPerMonth?: bigint;
  };
}

/** What a call was charged, and what is left, in nano-tokens; `remaining` is undefined where no budget is set. */
export interface Charged {
  charged: number;
  remaining: number | undefined;
}

/** The price of a call, taken before it runs. */
export interface Reservation {
  covered: boolean;
  /** Nano-tokens that are left for other calls; undefined where no budget is set. */
  remaining: number | undefined;
  /** Counts what ran and gives back the price of the rest; to be called exactly once where `covered`. */
  settle(ran: Counts): Charged;
}

/** How many of an operation ran, and what they were charged. */
export interface UsageOf {
  count: bigint;
  nanoTokens: bigint;
}

/** What a project has used in the current period; bigints are nano-tokens, times are in ms since 1970. */
export interface Usage {
  periodStart: number;
  periodEnd: number;
  budget: bigint | undefined;
  used: bigint;
  remaining: bigint | undefined;
  operations: Readonly<Record<PricedOperation, UsageOf>>;
}

/** What a history has points of. */
export type Resolution = 'hour' | 'day';

/** What a project used in one hour or day of UTC. `start` is in ms since 1970, `charged` in nano-tokens. */
export interface HistoryPoint {
  start: number;
  charged: number;
  counts: Readonly<Record<PricedOperation, number>>;
}

/** Judges requests by the limits of their project. Answers at once, without a promise, wherever a lease covers it. */
export interface Meter {
  /** Takes one request off the rate limit; undefined where none is set. */
  permit(account: Account): Permit | undefined | Promise<Permit | undefined>;
  /** Takes the price of operations from the budget; takes nothing where it does not cover them all. */
  reserve(account: Account, counts: Counts): Reservation | Promise<Reservation>;
  /** Rejects with a LedgerError while the ledger is away. What other replicas ran in the last second may lack. */
  usage(account: Account): Promise<Usage>;
  /** The last 24 hours or 31 days, oldest first; the last is the current one. Rejects as `usage` does, and may lack the same. */
  history(account: Account, resolution: Resolution): Promise<readonly HistoryPoint[]>;
  /** Gives back what is leased and not spent. */
  close(): Promise<void>;
}
