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

const HOUR_MS = 3_600_000;

/**
 * The start of the hour in which is counted what is settled at `time`, in ms since 1970. What belongs to a month that is
 * over is of its last hour, so that the days of a month come to what the account of the month says.
 */
export function hourOfBooking(period: Period, time: number): number {
  const within = Math.min(Math.max(time, periodStart(period)), periodStart(period + 1) - 1);
  return within - (within % HOUR_MS);
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
