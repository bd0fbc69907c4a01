import type { Bucket, RateLimit } from '../limits/bucket.ts';
import type { Period } from './period.ts';
import type { HistoryPoint, Resolution } from './port.ts';
import type { Tally } from './tally.ts';

/** What a replica tells and asks of a project's account. Amounts are nano-tokens, whole numbers. */
export interface AccountAsk {
  project: string;
  period: Period;
  /** Who asks: a name that no other process ever has. */
  replica: string;
  /** Grows by one with each ask about this account and period. An ask that failed is repeated as it was. */
  seq: number;
  /** What was charged since the last ask. */
  spent: Tally;
  /** What the replica keeps of its lease; the rest of it is given back. */
  keep: number;
  /** How much more it would like to have; how much of that calls are waiting for; and below what it is of no use. */
  want: number;
  need: number;
  least: number;
  /** Infinity where none is set. */
  budget: number;
}

/** How an account stands after an ask. */
export interface AccountAnswer {
  /** What the replica may spend: what it kept, and what was granted. */
  lease: number;
  /** What of the budget is neither spent nor leased. */
  left: number;
  /** What other replicas have leased. */
  others: number;
  /** What all replicas together have reported as spent. */
  spent: Tally;
}

/** What a replica asks of a project's bucket of permits. */
export interface PermitAsk {
  project: string;
  limit: RateLimit;
  want: number;
  giveBack: number;
}

/** What came of it; `bucket` is what is left there. */
export interface PermitAnswer {
  granted: number;
  bucket: Bucket;
}

/** What a replica asks of a project's past. */
export interface HistoryAsk {
  project: string;
  resolution: Resolution;
}

/** Things that are asked together, and go in together. */
export interface Asks {
  accounts: readonly AccountAsk[];
  permits: readonly PermitAsk[];
  /** Of projects that `accounts` is about too; answered with what comes in by that. */
  histories: readonly HistoryAsk[];
}

/**
 * In the order of the asks; undefined where what stands in the ledger is not an account's record. `time` is that of the
 * ledger's clock in ms since 1970.
 */
export interface Answers {
  time: number;
  accounts: (AccountAnswer | undefined)[];
  permits: PermitAnswer[];
  histories: HistoryPoint[][];
}

/** What replicas share: accounts and buckets. Asked one thing at a time; every method rejects with a LedgerError only. */
export interface Ledger {
  /** The ledger's clock, in ms since 1970. */
  time(): Promise<number>;
  /**
   * All of it goes in, or nothing. After a rejection it may have gone in or not: account asks are to be repeated with the
   * same `seq` until one is answered; permits are not.
   */
  exchange(asks: Asks): Promise<Answers>;
  /** How many commands were sent so far. */
  readonly commands: number;
  close(): void;
}

/** The ledger did not answer, or not as a ledger does. The message is fit for logs. */
export class LedgerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LedgerError';
  }
}
