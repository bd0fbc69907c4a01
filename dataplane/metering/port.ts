/** The operations that have a price of their own. */
export type PricedOperation = 'get' | 'set' | 'delete' | 'increment' | 'scan';

/** How many of each. */
export type Counts = Readonly<Partial<Record<PricedOperation, number>>>;

/** What a project may use. The directory keeps one object as long as nothing in it changes. */
export interface Account {
  project: string;
  limits: {
    requestsPerSecond?: number;
    burst?: number;
    nanoTokensPerMonth?: bigint;
  };
}

/** Whether a request is within the rate limit, and what its headers say of it. */
export interface Permit {
  allowed: boolean;
  /** Requests per second. */
  limit: number;
  /** Requests that may follow at once, as far as this replica knows. */
  remaining: number;
  /** Until the full burst is there again. */
  resetSeconds: number;
  /** Until one more is allowed; 0 where this one was. */
  retryAfterSeconds: number;
}

/** What a call was charged, and what is left, in nano-tokens; `remaining` is undefined where no budget is set. */
export interface Charged {
  charged: bigint;
  remaining: bigint | undefined;
}

/** The price of a call, taken before it runs. */
export interface Reservation {
  covered: boolean;
  remaining: bigint | undefined;
  /** Counts what ran and gives back the price of the rest; to be called exactly once where `covered`. */
  settle(ran: Counts): Charged;
}

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

/** Judges requests by the limits of their project. Answers at once, without a promise, wherever a lease covers it. */
export interface Meter {
  /** Takes one request off the rate limit; undefined where none is set. */
  permit(account: Account): Permit | undefined | Promise<Permit | undefined>;
  /** Takes the price of operations from the budget; takes nothing where it does not cover them all. */
  reserve(account: Account, counts: Counts): Reservation | Promise<Reservation>;
  usage(account: Account): Promise<Usage>;
  /** Gives back what is leased and not spent. */
  close(): Promise<void>;
}
