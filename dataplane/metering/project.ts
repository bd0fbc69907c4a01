import type { Prices } from '../../contract/prices.ts';
import { rateLimit } from '../limits/bucket.ts';
import { Demand, leaseSize } from '../limits/demand.ts';
import { Permits } from '../limits/permits.ts';
import type { AccountAnswer, AccountAsk, PermitAnswer, PermitAsk } from './ledger-port.ts';
import type { Period } from './period.ts';
import type { Account, Counts, Permit, Reservation } from './port.ts';
import { Tab, type Wish } from './tab.ts';
import { priceOf } from './tally.ts';
import { WaitingCalls } from './waiting.ts';

/** What the projects of one replica have in common. Times are in ms of a clock that only runs forwards. */
export interface Common {
  readonly prices: Prices;
  /** A name that no other process ever has. */
  readonly replica: string;
  /** The most, in nano-tokens, that a project is charged beyond its lease while the ledger is away. */
  readonly overdraft: number;
  /** Whether the ledger is away, so that waiting for it helps nobody. */
  away: boolean;
  /** Undefined before the ledger has ever told the time. */
  period: Period | undefined;
  now(): number;
  /** Asks the ledger about a project as soon as may be. */
  ask(project: Project): void;
}

/** What is asked of the ledger for one project at a time. */
export interface ProjectAsk {
  accounts: { tab: Tab; ask: AccountAsk }[];
  permits: PermitAsk | undefined;
}

/** What was charged is told to the ledger, and what nobody uses is given back, after so long; sooner near the budget's end. */
const FLUSH_MS = 1000;
/** How often the ledger is asked about a project at the most, unless a call waits. */
const LEAST_GAP_MS = 100;
/** With no demand known, as many calls are leased ahead. */
const FIRST_CALLS = 16;
/** Of what is left of a budget, no more than this part is leased ahead. */
const LEAST_SHARE = 8;
/** What is known of a project that nobody asks for is forgotten after so long. */
const FORGET_MS = 60_000;

const NOTHING: Wish = { target: 0, need: 0, least: 0 };

/** All that this replica knows and holds of one project. */
export class Project {
  #account: Account;
  #tab: Tab;
  /** Those of earlier periods, until the ledger knows all of them. */
  #closing: Tab[] = [];
  #permits: Permits | undefined;
  readonly #common: Common;
  readonly #demand = new Demand();
  /** What a call costs on the average. */
  #unit = 0;
  readonly #waiting = new WaitingCalls();
  #waitingForPermit: ((permit: Permit | undefined) => void)[] = [];
  #askedAt = -Infinity;
  /** When the ledger was last told of the account. */
  #toldAt = -Infinity;
  /** When to tell it again at the latest: in half the time that what is left will last, at the rate at which all spend it. */
  #flushMs = FLUSH_MS;
  #heardAt = 0;
  #usedAt: number;
  #used = true;

  constructor(account: Account, common: Common) {
    this.#common = common;
    this.#account = account;
    this.#usedAt = common.now();
    this.#tab = this.#openTab();
    this.#configureRate();
  }

  get name(): string {
    return this.#account.project;
  }

  get tab(): Tab {
    return this.#tab;
  }

  /** The tabs of all periods that are not settled. */
  get tabs(): readonly Tab[] {
    return [...this.#closing, this.#tab];
  }

  /** Requests that the permits of this replica cover. */
  get permits(): number {
    return this.#permits?.held ?? 0;
  }

  get waiting(): number {
    return this.#waiting.size + this.#waitingForPermit.length;
  }

  /** The limits are those of `account` from now on; costs nothing while it is the same object. */
  configure(account: Account): void {
    if (account === this.#account) return;
    this.#account = account;
    this.#tab.configure(budgetOf(account));
    this.#configureRate();
  }

  permit(): Permit | undefined | Promise<Permit | undefined> {
    const permits = this.#permits;
    if (!permits) return undefined;
    const held = permits.use();
    if (held) return held;
    const now = this.#common.now();
    if (this.#common.away) return permits.useAlone(now);
    const refused = permits.refuse(now);
    if (refused) return refused;
    return new Promise((resolve) => {
      this.#waitingForPermit.push(resolve);
      this.#common.ask(this);
    });
  }

  reserve(counts: Counts): Reservation | Promise<Reservation> {
    if (this.#tab.period !== this.#common.period) this.#turn();
    this.#used = true;
    const tab = this.#tab;
    if (tab.budget === Infinity) return tab.tally();
    const price = priceOf(counts, this.#common.prices);
    this.#demand.count(price);
    this.#unit += (price - this.#unit) / (this.#unit === 0 ? 1 : 16);
    const covered = tab.reserve(price);
    if (covered) return covered;
    if (this.#common.away) return tab.overdraw(price, this.#common.overdraft);
    if (tab.refuses(price)) return tab.deny();
    this.#common.ask(this);
    return this.#waiting.add(price, this.#common.now());
  }

  /** Samples the demand; to be called many times a second. Whether the ledger should be asked. */
  tick(now: number, elapsedMs: number): boolean {
    if (this.#tab.period !== this.#common.period) this.#turn();
    if (this.#used) this.#usedAt = now;
    this.#used = false;
    this.#demand.sample(elapsedMs);
    const wantsPermits = this.#permits?.tick(now, elapsedMs) ?? false;
    const since = now - this.#askedAt;
    if (since < LEAST_GAP_MS) return false;
    return this.waiting > 0 || wantsPermits || this.#closing.some(({ untold }) => untold) || this.#wantsTokens(now);
  }

  /** Whether nothing would be lost if this project were forgotten. */
  forgettable(now: number): boolean {
    const idle = !this.#used && now - this.#usedAt >= FORGET_MS && this.waiting === 0;
    return idle && this.#closing.length === 0 && this.#tab.finished && this.permits === 0;
  }

  /**
   * What to tell and ask the ledger now: what is due; or `all`, due or not; or to `leave`, which gives back all that is
   * not spent.
   */
  ask(now: number, period: Period, extent: 'due' | 'all' | 'leave' = 'due'): ProjectAsk {
    this.#askedAt = now;
    const accounts = this.#closing.map((tab) => ({ tab, ask: tab.ask(period, NOTHING) }));
    if (extent !== 'due' || this.#waiting.size > 0 || this.#wantsTokens(now)) {
      this.#toldAt = now;
      accounts.push({
        tab: this.#tab,
        ask: this.#tab.ask(
          period,
          extent === 'leave' ? NOTHING : { target: this.#target(now), ...this.#waiting.needs },
        ),
      });
    }
    return { accounts, permits: this.#askPermits(now, extent === 'leave') };
  }

  /** The answers to `asked`, in its order. Whether calls wait that another ask would help at once. */
  answer(
    now: number,
    asked: ProjectAsk,
    accounts: readonly (AccountAnswer | undefined)[],
    permits: PermitAnswer | undefined,
  ): boolean {
    for (const [index, { tab }] of asked.accounts.entries()) {
      const answer = accounts[index];
      if (!answer) this.goOn();
      else if (tab === this.#tab) this.#hear(now, answer);
      else tab.answer(answer);
    }
    this.#closing = this.#closing.filter((tab) => !tab.finished);
    if (this.#permits && asked.permits && permits) {
      this.#permits.answer(now, asked.permits.want, permits.granted, permits.bucket.permits);
    }
    const permitsWait = this.#servePermits(now);
    return this.#waiting.serve(this.#tab, now) || permitsWait;
  }

  /** The ledger does not answer: calls that wait go on without it. */
  goOn(): void {
    const now = this.#common.now();
    for (const resolve of this.#waitingForPermit.splice(0)) resolve(this.#permits?.useAlone(now));
    this.#waiting.goOn(this.#tab, this.#common.overdraft);
  }

  #hear(now: number, answer: AccountAnswer): void {
    const spent = answer.spent.charged - (this.#tab.heard ?? answer.spent.charged);
    const lastsMs = (answer.left / spent) * (now - this.#heardAt);
    this.#flushMs = spent > 0 || answer.left === 0 ? Math.max(LEAST_GAP_MS, Math.min(FLUSH_MS, lastsMs / 2)) : FLUSH_MS;
    this.#heardAt = now;
    this.#tab.answer(answer);
  }

  #askPermits(now: number, leave: boolean): PermitAsk | undefined {
    if (!this.#permits) return undefined;
    const ask = leave ? this.#permits.leave() : this.#permits.ask(now, this.#waitingForPermit.length);
    if (ask.want === 0 && ask.giveBack === 0) return undefined;
    return { project: this.#account.project, limit: this.#permits.limit, ...ask };
  }

  #servePermits(now: number): boolean {
    const waiting = this.#waitingForPermit;
    while (waiting.length > 0) {
      const permit = this.#permits?.use() ?? this.#permits?.refuse(now);
      if (!permit && this.#permits) return true;
      waiting.shift()?.(permit);
    }
    return false;
  }

  #wantsTokens(now: number): boolean {
    const { free, left, budget, unsent, pending } = this.#tab;
    const sinceTold = now - this.#toldAt;
    if (pending || free < 0) return true;
    if (sinceTold >= this.#flushMs && (unsent || (free > 0 && this.#flushMs < FLUSH_MS))) return true;
    if (budget === Infinity) return free > 0;
    const target = this.#target(now);
    if (free > target * 2) return true;
    if (this.#idle(now)) return false;
    // An exhausted budget may be opened again by what another replica did not use after all.
    return free < target / 2 || (free + left < this.#unit && sinceTold >= FLUSH_MS);
  }

  #target(now: number): number {
    if (this.#tab.budget === Infinity || this.#idle(now)) return 0;
    const size = Math.max(leaseSize(this.#demand.perSecond, this.#unit), this.#unit * FIRST_CALLS);
    const share = (this.#tab.left + Math.max(0, this.#tab.free)) / LEAST_SHARE;
    const target = Math.floor(Math.min(size, share));
    // Too little for a call is of no use here, and may be elsewhere.
    return this.#tab.left === 0 || target < this.#unit ? 0 : target;
  }

  #idle(now: number): boolean {
    return !this.#used && now - this.#usedAt >= FLUSH_MS;
  }

  /** A new period, or the first that is known. */
  #turn(): void {
    const { period } = this.#common;
    if (this.#tab.period === undefined) {
      this.#tab.period = period;
      return;
    }
    this.#closing.push(this.#tab);
    this.#tab = this.#openTab();
  }

  #openTab(): Tab {
    const { period, replica, prices } = this.#common;
    return new Tab(this.#account.project, period, budgetOf(this.#account), replica, prices);
  }

  #configureRate(): void {
    const { requestsPerSecond, burst } = this.#account.limits;
    if (requestsPerSecond === undefined) {
      this.#permits = undefined;
      return;
    }
    const limit = rateLimit(requestsPerSecond, burst);
    if (this.#permits) this.#permits.configure(limit);
    else this.#permits = new Permits(limit, this.#common.now());
  }
}

/** Numbers are exact to 2^53−1; a budget beyond that would serve four million reads a second for a month. */
function budgetOf({ limits }: Account): number {
  const { nanoTokensPerMonth } = limits;
  if (nanoTokensPerMonth === undefined) return Infinity;
  return Number(nanoTokensPerMonth < BigInt(Number.MAX_SAFE_INTEGER) ? nanoTokensPerMonth : Number.MAX_SAFE_INTEGER);
}
