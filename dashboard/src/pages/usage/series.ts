import type { PricedOperation, Usage, UsageHistory } from '../../../../sdk/src/index.ts';

/** The operations in the order in which they are stacked and listed. */
export const OPERATIONS: readonly PricedOperation[] = ['get', 'set', 'delete', 'increment', 'scan'];

/** Columns as uPlot takes them: seconds since 1970, then a column for each series. */
export type Columns = [xs: number[], ...ys: (number | null)[][]];

/** How long a point of a history covers, in seconds. */
export const POINT_SECONDS = { hour: 3600, day: 86_400 } as const;

/** The middles of the points, and for each operation what ran of it and of those before it, so that bars stack. */
export function stackOperations({ points, resolution }: UsageHistory): [xs: number[], ...stacked: number[][]] {
  const xs = points.map(({ start }) => Date.parse(start) / 1000 + POINT_SECONDS[resolution] / 2);
  const below = points.map(() => 0);
  const columns = OPERATIONS.map((operation) =>
    points.map(({ operations }, index) => {
      below[index] = (below[index] ?? 0) + operations[operation];
      return below[index];
    }),
  );
  return [xs, ...columns];
}

/** What ran in one point, or in all of them. */
export function sumOperations({ points }: UsageHistory): Record<PricedOperation, number> {
  const sums = { get: 0, set: 0, delete: 0, increment: 0, scan: 0 };
  for (const { operations } of points) for (const operation of OPERATIONS) sums[operation] += operations[operation];
  return sums;
}

/**
 * Tokens spent since the month began, at the end of each of its days so far and now, as one line. It ends at `usage.used`:
 * what the history does not reach back to stands at its start. A budget is a second line, to the end of the month.
 */
export function spentInMonth(usage: Usage, history: UsageHistory, now: number): Columns {
  const start = Date.parse(usage.period.start);
  const days = history.points.filter((point) => Date.parse(point.start) >= start);
  const counted = days.reduce((sum, { tokens }) => sum + Number(tokens), 0);
  let spent = Math.max(0, Number(usage.used) - counted);
  const xs = [start / 1000];
  const ys: (number | null)[] = [spent];
  for (const [index, day] of days.entries()) {
    spent += Number(day.tokens);
    const next = days[index + 1];
    xs.push(next ? Date.parse(next.start) / 1000 : Math.max(now, Date.parse(day.start)) / 1000);
    ys.push(spent);
  }
  if (usage.budget === null) return [xs, ys];
  xs.push(Date.parse(usage.period.end) / 1000);
  ys.push(null);
  const budget = Number(usage.budget);
  return [xs, ys, xs.map(() => budget)];
}

/** How much of a whole is used, from 0 to 1 and never past it; 0 where there is no whole. */
export function shareOf(used: number, whole: number): number {
  return whole > 0 ? Math.min(1, Math.max(0, used / whole)) : 0;
}
