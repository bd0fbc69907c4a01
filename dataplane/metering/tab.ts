import type { Prices } from '../../contract/prices.ts';
import type { AccountAnswer, AccountAsk } from './ledger-port.ts';
import type { Period } from './period.ts';
import type { Charged, Counts, Reservation } from './port.ts';
import { add, count, createTally, isEmpty, type Tally } from './tally.ts';

/** What was last heard of the account. */
interface Known {
  left: number;
  others: number;
  spent: Tally;
}

/** What to lease ahead; what calls are waiting for, all together and the cheapest of them. */
export interface Wish {
  target: number;
  need: number;
  least: number;
}

/**
 * What this replica has charged a project in one period and what it may still charge, in nano-tokens: a lease of the
 * budget, of which `free` is what no call has taken. `free` is below 0 by what was charged beyond the lease while the
 * ledger was away.
 */
export class Tab {
  readonly project: string;
  /** Set once: what was charged before the ledger has ever told the time belongs to the period in which it first does. */
  period: Period | undefined;
  budget: number;
  readonly #replica: string;
  readonly #prices: Prices;
  #free = 0;
  /** Taken by calls that have not settled yet. */
  #reserved = 0;
  #unsent = createTally();
  #seq = 0;
  #pending: AccountAsk | undefined;
  /** How much of what the pending ask tells was charged beyond the lease. */
  #pendingOverdraft = 0;
  #known: Known | undefined;
  /** So much of others' leases was waited for in vain. */
  #gaveUpOn = 0;

  constructor(project: string, period: Period | undefined, budget: number, replica: string, prices: Prices) {
    this.project = project;
    this.period = period;
    this.budget = budget;
    this.#replica = replica;
    this.#prices = prices;
  }

  get free(): number {
    return this.#free;
  }

  /** What of the budget is neither spent nor leased, as last heard; all of it where nothing was. */
  get left(): number {
    return this.#known ? this.#known.left : this.budget;
  }

  /** What all replicas together have reported as charged, as last heard; undefined where nothing was. */
  get heard(): number | undefined {
    return this.#known?.spent.charged;
  }

  /** What of the lease is not spent. */
  get leased(): number {
    return Math.max(0, this.#free + this.#reserved);
  }

  /** What was charged or taken beyond the lease and is not settled with the ledger. */
  get overdraft(): number {
    return this.#pendingOverdraft + Math.max(0, -this.#free);
  }

  /** Whether an ask is under way or was not answered. */
  get pending(): boolean {
    return this.#pending !== undefined;
  }

  /** Whether something was charged that no ask has told yet. */
  get unsent(): boolean {
    return !isEmpty(this.#unsent);
  }

  /** Whether an ask would tell or give back something, with nothing wished for. */
  get untold(): boolean {
    return this.#free !== 0 || this.pending || this.unsent;
  }

  /** Whether the ledger knows all there is to know, and nothing more will come. */
  get finished(): boolean {
    return this.#reserved === 0 && !this.untold;
  }

  /** What all replicas have used, as far as this one knows: that which has been heard, and its own since then. */
  usage(): Tally {
    const sum = createTally();
    if (this.#known) add(sum, this.#known.spent);
    if (this.#pending) add(sum, this.#pending.spent);
    add(sum, this.#unsent);
    return sum;
  }

  /** What is left of the budget for calls to come, by what all replicas are known to have used. */
  get remaining(): number {
    const unheard = (this.#pending?.spent.charged ?? 0) + this.#unsent.charged + this.#reserved;
    return Math.max(0, this.budget - (this.#known?.spent.charged ?? 0) - unheard);
  }

  /** Another budget holds from now on. */
  configure(budget: number): void {
    if (this.#known && budget !== this.budget) {
      const left = this.budget === Infinity ? -this.#known.spent.charged : this.#known.left - this.budget;
      this.#known.left = Math.max(0, budget + left);
    }
    this.budget = budget;
    this.#gaveUpOn = 0;
  }

  /** Takes a price from the lease; undefined where the lease does not cover it. */
  reserve(price: number): Reservation | undefined {
    if (this.#free < price && price > 0) return undefined;
    return this.#take(price);
  }

  /** Takes a price beyond the lease, as long as all that was taken so is within `most` and within what was left. */
  overdraw(price: number, most: number): Reservation {
    const bound = Math.min(most, this.left);
    return this.#free - price - this.#pendingOverdraft >= -bound || price === 0 ? this.#take(price) : this.deny();
  }

  /** What an account without a budget answers: only counts. */
  tally(): Reservation {
    return { covered: true, remaining: undefined, settle: (ran) => this.#charge(ran, undefined) };
  }

  /** The refusal of a call. */
  deny(): Reservation {
    const { remaining } = this;
    return { covered: false, remaining, settle: () => ({ charged: 0, remaining }) };
  }

  /** Whether the budget is known not to cover a price, with nothing that other replicas could give back. */
  refuses(price: number): boolean {
    return this.#known !== undefined && this.#free + this.#known.left < price && this.#known.others <= this.#gaveUpOn;
  }

  /** What others hold now has been waited for, and did not come. */
  giveUp(): void {
    this.#gaveUpOn = Math.max(this.#gaveUpOn, this.#known?.others ?? 0);
  }

  /** What to tell and ask the ledger; the same again where the last ask was not answered. What it gives back is no longer free. */
  ask(period: Period, { target, need, least }: Wish): AccountAsk {
    if (this.#pending) return this.#pending;
    this.period ??= period;
    const spent = this.#unsent;
    this.#unsent = createTally();
    if (this.#free > target * 2) this.#free = target;
    // What was charged beyond the lease is in `spent`, and so no longer a debt.
    const keep = Math.max(0, this.#free + this.#reserved);
    this.#pendingOverdraft = keep - (this.#free + this.#reserved);
    this.#free = keep - this.#reserved;
    const spare = Math.max(0, this.#free);
    this.#pending = {
      project: this.project,
      period: this.period,
      replica: this.#replica,
      seq: ++this.#seq,
      spent,
      keep,
      want: Math.max(0, Math.ceil(need + target) - this.#free),
      need: Math.max(0, need - spare),
      least: Math.max(0, least - spare),
      budget: this.budget,
    };
    return this.#pending;
  }

  /** The answer to the pending ask. */
  answer({ lease, left, others, spent }: AccountAnswer): void {
    this.#free += lease - (this.#pending?.keep ?? 0);
    this.#known = { left, others, spent };
    this.#pending = undefined;
    this.#pendingOverdraft = 0;
  }

  #take(price: number): Reservation {
    this.#free -= price;
    this.#reserved += price;
    return { covered: true, remaining: this.remaining, settle: (ran) => this.#charge(ran, price) };
  }

  #charge(ran: Counts, reserved: number | undefined): Charged {
    const charged = count(this.#unsent, ran, this.#prices);
    if (reserved === undefined) return { charged, remaining: undefined };
    this.#reserved -= reserved;
    this.#free += reserved - charged;
    return { charged, remaining: this.remaining };
  }
}
