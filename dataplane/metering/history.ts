import { PRICED_OPERATIONS, type PricedOperation } from '../../contract/prices.ts';
import { type Period, periodStart } from './period.ts';
import type { HistoryPoint, Resolution } from './port.ts';
import { createTally, type Tally } from './tally.ts';

/**
 * Of each resolution: its length, how many of them a history has, and how long what was counted in one is kept after the
 * last write. That is longer than a history reaches back by one more of them.
 */
const RESOLUTIONS = {
  hour: { ms: 3_600_000, points: 24, seconds: 25 * 3600, digits: 13 },
  day: { ms: 86_400_000, points: 31, seconds: 32 * 86_400, digits: 10 },
} as const;

/** Where the ledger keeps what a project spent in one hour or day, and how long, in seconds. */
export interface Slot {
  key: string;
  /** In ms since 1970. */
  start: number;
  seconds: number;
}

/** The hour of a time, both in ms since 1970. */
export function hourAt(time: number): number {
  return time - (time % RESOLUTIONS.hour.ms);
}

/**
 * The hour and the day in which is booked what is settled at `time`, in ms since 1970 by the ledger's clock. What belongs
 * to a month that is over is of its last hour, so that the days of a month come to what the account of the month says.
 */
export function bookedSlots(project: string, period: Period, time: number): Slot[] {
  const within = Math.min(Math.max(time, periodStart(period)), periodStart(period + 1) - 1);
  return [slot(project, 'hour', within), slot(project, 'day', within)];
}

/** The hours or days of a history that ends at `time`, in ms since 1970, oldest first. */
export function historySlots(project: string, resolution: Resolution, time: number): Slot[] {
  const { ms, points } = RESOLUTIONS[resolution];
  return Array.from({ length: points }, (_, index) => slot(project, resolution, time - (points - 1 - index) * ms));
}

function slot(project: string, resolution: Resolution, time: number): Slot {
  const { ms, seconds, digits } = RESOLUTIONS[resolution];
  const start = time - (time % ms);
  const name = new Date(start).toISOString().slice(0, digits);
  return { key: `${resolution}:${project}:${name}`, start, seconds };
}

/** A point of a history, of what was counted. */
export function presentPoint(start: number, { charged, operations }: Tally): HistoryPoint {
  const counts = {} as Record<PricedOperation, number>;
  for (const operation of PRICED_OPERATIONS) counts[operation] = operations[operation].count;
  return { start, charged, counts };
}

/** What was counted in one hour or day as text for the ledger, in the order of PRICED_OPERATIONS: counts, then charges. */
export function encodeSpent({ operations }: Tally): string {
  const of = (field: 'count' | 'charged') => PRICED_OPERATIONS.map((operation) => operations[operation][field]);
  return [...of('count'), ...of('charged')].join(' ');
}

/** What a text says was counted; nothing for null, and for what is no such text. */
export function decodeSpent(text: string | null | undefined): Tally {
  const spent = createTally();
  const numbers = text?.split(' ').map(Number) ?? [];
  if (numbers.length !== 2 * PRICED_OPERATIONS.length || !numbers.every(Number.isSafeInteger)) return spent;
  for (const [index, operation] of PRICED_OPERATIONS.entries()) {
    const charged = numbers[PRICED_OPERATIONS.length + index] ?? 0;
    spent.operations[operation] = { count: numbers[index] ?? 0, charged };
    spent.charged += charged;
  }
  return spent;
}
