/** A calendar month in UTC, counted from January of the year 0. */
export type Period = number;

/** The month of a time in ms since 1970. */
export function periodAt(time: number): Period {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** The first ms of a month, since 1970. */
export function periodStart(period: Period): number {
  return Date.UTC(Math.floor(period / 12), period % 12);
}

/** A month as it stands in keys of the ledger: "2026-11". */
export function formatPeriod(period: Period): string {
  return new Date(periodStart(period)).toISOString().slice(0, 7);
}

/** The ledger's clock between two answers, carried on by one of this process that only runs forwards. */
export class LedgerClock {
  #offset: number | undefined;

  /** The ledger's clock showed `ledgerTime`, ms since 1970, when ours showed `now`. */
  set(ledgerTime: number, now: number): void {
    this.#offset = ledgerTime - now;
  }

  /** The current period; undefined before the ledger has ever answered. */
  period(now: number): Period | undefined {
    return this.#offset === undefined ? undefined : periodAt(now + this.#offset);
  }
}
