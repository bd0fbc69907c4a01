/** Minimum, median and maximum of some figures, in their unit. */
export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** The spread of at least one figure. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (index: number) => sorted[Math.max(0, Math.min(sorted.length - 1, index))] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return { min: at(0), median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, max: at(sorted.length - 1) };
}

/** A spread as one row of a table. */
export function formatSpread(name: string, { min, median, max }: Spread, digits = 2): string {
  const [low, mid, high] = [min, median, max].map((figure) => figure.toFixed(digits).padStart(8));
  return `${name.padEnd(46)} min ${low}  median ${mid}  max ${high}`;
}
