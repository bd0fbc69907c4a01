/** How long to wait after failures: doubling from `baseMs` up to `maxMs`. */
export interface Backoff {
  baseMs: number;
  maxMs: number;
}

/**
 * The delay in ms after the `failures`-th failure in a row (from 1). Half of it is drawn by `random` (in [0, 1)), so that
 * many who failed together do not come back together.
 */
export function backoffDelay({ baseMs, maxMs }: Backoff, failures: number, random: () => number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return full * (0.5 + random() / 2);
}
