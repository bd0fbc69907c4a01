/** Of what is new in a sample: demand is believed at once when it rises, and forgotten slowly, within a second or so. */
const RISING = 0.5;
const FALLING = 0.1;

/** How much is asked for per second of late, from samples of what was asked for. */
export class Demand {
  #perSecond = 0;
  #counted = 0;

  /** What is asked for per second. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** Whether anything was asked for since the last sample. */
  get asked(): boolean {
    return this.#counted > 0;
  }

  count(amount: number): void {
    this.#counted += amount;
  }

  /** Takes what was counted in the last `elapsedMs` into account; to be called many times a second. */
  sample(elapsedMs: number): void {
    if (elapsedMs <= 0) return;
    const sample = (this.#counted * 1000) / elapsedMs;
    this.#counted = 0;
    this.#perSecond += (sample - this.#perSecond) * (sample > this.#perSecond ? RISING : FALLING);
    if (this.#perSecond < 1e-3) this.#perSecond = 0;
  }
}

/**
 * How much to lease ahead, in units of the demand: half a second's worth, or two seconds' worth where that is fewer than
 * `calls` calls of `unit`. Half of it is used before more is asked for, so that a busy replica asks the ledger about
 * four times a second, and a less busy one once in a hundred calls.
 */
export function leaseSize(perSecond: number, unit: number, calls = 256): number {
  return Math.max(perSecond / 2, Math.min(perSecond * 2, unit * calls));
}
