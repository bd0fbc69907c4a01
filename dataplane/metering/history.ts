import { PRICED_OPERATIONS, type PricedOperation } from '../../contract/prices.ts';
import { type Period, periodAt } from './period.ts';
import type { HistoryPoint, Resolution } from './port.ts';
import type { HourSpent } from './record.ts';
import { add, createTally, type Tally } from './tally.ts';

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
  /** In ms since 1970; the end is the start of the next. */
  start: number;
  end: number;
  seconds: number;
}

/** The hour and the day to which what was spent in an hour is added, once that is over. */
export function slotsOf(project: string, { hour }: HourSpent): Slot[] {
  return [slot(project, 'hour', hour), slot(project, 'day', hour)];
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
  return { key: `${resolution}:${project}:${name}`, start, end: start + ms, seconds };
}

/** The months of which a history has hours or days. */
export function monthsOf(slots: readonly Slot[]): Period[] {
  return [...new Set(slots.map(({ start }) => periodAt(start)))];
}

/** A point of a history, of what was moved there and of what the accounts of its months have not moved yet. */
export function pointOf(slot: Slot, moved: Tally, recents: readonly HourSpent[]): HistoryPoint {
  const sum = createTally();
  add(sum, moved);
  for (const recent of recents) {
    if (recent.hour >= slot.start && recent.hour < slot.end) add(sum, recent.spent);
  }
  const counts = {} as Record<PricedOperation, number>;
  for (const operation of PRICED_OPERATIONS) counts[operation] = sum.operations[operation].count;
  return { start: slot.start, charged: sum.charged, counts };
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
