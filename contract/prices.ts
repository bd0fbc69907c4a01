/** Nano-tokens in a token, the unit of budgets. */
export const NANO = 1_000_000_000n;

const NANO_NUMBER = Number(NANO);
const TOKENS = /^(\d{1,18})(?:\.(\d{1,9}))?$/;

/** The operations that have a price of their own, in the order in which they are reported. */
export const PRICED_OPERATIONS = ['get', 'set', 'delete', 'increment', 'scan'] as const;
export type PricedOperation = (typeof PRICED_OPERATIONS)[number];

/** Nano-tokens for one of each: whole numbers, 0 or more. */
export type Prices = Readonly<Record<PricedOperation, number>>;

/** What operations cost where the installation does not say otherwise. */
export const DEFAULT_PRICES: Prices = { get: 800, set: 5300, delete: 5300, increment: 5300, scan: 5000 };

/**
 * Nano-tokens as a decimal number of tokens, without trailing zeros: 800 is "0.0000008". A number must be a safe
 * integer; it takes a tenth of a bigint's time.
 */
export function formatTokens(nano: number | bigint): string {
  const sign = nano < 0 ? '-' : '';
  let whole: number | bigint;
  let fraction: number | bigint;
  if (typeof nano === 'number') {
    const abs = Math.abs(nano);
    fraction = abs % NANO_NUMBER;
    whole = (abs - fraction) / NANO_NUMBER;
  } else {
    const abs = nano < 0n ? -nano : nano;
    fraction = abs % NANO;
    whole = abs / NANO;
  }
  if (!fraction) return `${sign}${whole}`;
  const digits = fraction.toString().padStart(9, '0');
  let end = 9;
  while (digits.charCodeAt(end - 1) === 48) end--;
  return `${sign}${whole}.${digits.slice(0, end)}`;
}

/** A decimal number of tokens, at most nine digits after the point, as nano-tokens; undefined where it is none. */
export function parseTokens(text: string): bigint | undefined {
  const parts = TOKENS.exec(text);
  if (!parts) return undefined;
  return BigInt(parts[1] ?? 0) * NANO + BigInt((parts[2] ?? '').padEnd(9, '0'));
}
