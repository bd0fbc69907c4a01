import { type Bucket, type RateLimit, refill } from './bucket.ts';
import { Demand, leaseSize } from './demand.ts';

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

/** Permits that nobody uses are given back after so long. */
const IDLE_MS = 1000;
/** An empty bucket is asked again after so long, aiming at once in `CALLS_PER_ASK` calls, refused ones included. */
const GAP_MS = { least: 100, most: 500 };
const CALLS_PER_ASK = 100;

/**
 * The permits of one project that this replica holds, leased from the bucket that all replicas share. Times are in ms of
 * a clock that only runs forwards.
 */
export class Permits {
  #limit: RateLimit;
  #held = 0;
  /** The shared bucket as it is likely to be, by the last answer. */
  #shared: Bucket;
  #nextAskAt = 0;
  #lastUsedAt: number;
  #demand = new Demand();

  constructor(limit: RateLimit, now: number) {
    this.#limit = limit;
    this.#shared = refill(undefined, limit, now);
    this.#lastUsedAt = now;
  }

  get limit(): RateLimit {
    return this.#limit;
  }

  get held(): number {
    return this.#held;
  }

  /** Another limit holds from now on, also for what is held. */
  configure(limit: RateLimit): void {
    this.#limit = limit;
    this.#held = Math.min(this.#held, Math.floor(limit.capacity));
    this.#nextAskAt = 0;
  }

  /** One permit of those that are held. */
  use(): Permit | undefined {
    if (this.#held < 1) return undefined;
    this.#demand.count(1);
    this.#held--;
    return this.#permit(true, 0);
  }

  /** A refusal, as long as the last answer lets nothing else be expected; undefined once asking may help. */
  refuse(now: number): Permit | undefined {
    if (now >= this.#nextAskAt) return undefined;
    this.#demand.count(1);
    return this.#permit(false, this.#untilNext(now));
  }

  /** The judgement while the ledger is away: this replica alone enforces the whole limit, from what it last knew. */
  useAlone(now: number): Permit {
    const held = this.use();
    if (held) return held;
    this.#demand.count(1);
    this.#shared = refill(this.#shared, this.#limit, now);
    if (this.#shared.permits < 1) return this.#permit(false, this.#untilNext(now));
    this.#shared.permits--;
    return this.#permit(true, 0);
  }

  /** Samples the demand; to be called many times a second. Whether the ledger should be asked. */
  tick(now: number, elapsedMs: number): boolean {
    if (this.#demand.asked) this.#lastUsedAt = now;
    this.#demand.sample(elapsedMs);
    this.#shared = refill(this.#shared, this.#limit, now);
    if (this.#idle(now)) return this.#held > 0;
    return this.#held > this.#target() * 2 || (now >= this.#nextAskAt && this.#held < this.#target() / 2);
  }

  /** What to ask of the shared bucket, for `waiting` requests and for those to come. What it gives back is no longer held. */
  ask(now: number, waiting: number): { want: number; giveBack: number } {
    const target = waiting === 0 && this.#idle(now) ? 0 : Math.ceil(this.#target());
    const giveBack = this.#held > target * 2 ? this.#held - target : 0;
    this.#held -= giveBack;
    if (waiting === 0 && now < this.#nextAskAt) return { want: 0, giveBack };
    return { want: Math.max(0, waiting + target - this.#held), giveBack };
  }

  /** Gives everything back. */
  leave(): { want: number; giveBack: number } {
    const giveBack = this.#held;
    this.#held = 0;
    return { want: 0, giveBack };
  }

  /** The answer to `ask`. Where less came than was wanted, the ledger is left alone for a while. */
  answer(now: number, want: number, granted: number, left: number): void {
    this.#held += granted;
    this.#shared = { permits: left, at: now };
    const short = granted < want && left < 1;
    this.#nextAskAt = short ? now + this.#gap() : 0;
  }

  /** Often enough that the shared bucket does not overflow; scattered, so that replicas take turns. */
  #gap(): number {
    const overflowMs = (this.#limit.capacity / this.#limit.perSecond) * 400;
    const busyMs = (CALLS_PER_ASK * 1000) / Math.max(this.#demand.perSecond, 1);
    const gap = Math.max(GAP_MS.least, Math.min(busyMs, overflowMs, GAP_MS.most));
    const due = ((1 - this.#shared.permits) * 1000) / this.#limit.perSecond;
    return Math.max(due, gap * (0.8 + Math.random() * 0.4));
  }

  #idle(now: number): boolean {
    return now - this.#lastUsedAt >= IDLE_MS;
  }

  #target(): number {
    const { perSecond, capacity } = this.#limit;
    return Math.min(Math.max(leaseSize(this.#demand.perSecond, 1), perSecond / 10, 1), Math.max(1, capacity / 2));
  }

  #untilNext(now: number): number {
    const due = (1 - this.#shared.permits) / this.#limit.perSecond;
    return Math.max(1, Math.ceil(Math.max(due, (this.#nextAskAt - now) / 1000)));
  }

  #permit(allowed: boolean, retryAfterSeconds: number): Permit {
    const { perSecond, capacity } = this.#limit;
    const left = this.#held + this.#shared.permits;
    return {
      allowed,
      limit: perSecond,
      remaining: allowed ? Math.floor(Math.min(left, capacity)) : 0,
      resetSeconds: Math.max(0, Math.ceil((capacity - left) / perSecond)),
      retryAfterSeconds,
    };
  }
}
