import { PRICED_OPERATIONS, type PricedOperation, type Prices } from '../../contract/prices.ts';
import type { Counts } from './port.ts';

/** How many of each operation ran, and the nano-tokens that they were charged. */
export interface Tally {
  readonly operations: Record<PricedOperation, { count: number; charged: number }>;
  /** The sum of what was charged. */
  charged: number;
}

/** A tally of nothing. */
export function createTally(): Tally {
  const none = () => ({ count: 0, charged: 0 });
  return {
    operations: { get: none(), set: none(), delete: none(), increment: none(), scan: none() },
    charged: 0,
  };
}

/** The price of operations in nano-tokens. */
export function priceOf(counts: Counts, prices: Prices): number {
  let price = 0;
  for (const operation of PRICED_OPERATIONS) {
    const count = counts[operation];
    if (count !== undefined) price += count * prices[operation];
  }
  return price;
}

/** Counts operations that ran; returns what they are charged. */
export function count(tally: Tally, ran: Counts, prices: Prices): number {
  let price = 0;
  for (const operation of PRICED_OPERATIONS) {
    const times = ran[operation];
    if (!times) continue;
    const charged = times * prices[operation];
    const sum = tally.operations[operation];
    sum.count += times;
    sum.charged += charged;
    price += charged;
  }
  tally.charged += price;
  return price;
}

/** Adds one tally to another. */
export function add(tally: Tally, other: Tally): void {
  for (const operation of PRICED_OPERATIONS) {
    tally.operations[operation].count += other.operations[operation].count;
    tally.operations[operation].charged += other.operations[operation].charged;
  }
  tally.charged += other.charged;
}

/** Whether nothing was counted. */
export function isEmpty(tally: Tally): boolean {
  return PRICED_OPERATIONS.every((operation) => tally.operations[operation].count === 0);
}
