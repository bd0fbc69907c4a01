/** Nano-tokens in a token, the unit of budgets. */
export const NANO = 1_000_000_000n;

const TOKENS = /^(\d{1,18})(?:\.(\d{1,9}))?$/;

/** Nano-tokens as a decimal number of tokens, without trailing zeros: 800n is "0.0000008". */
export function formatTokens(nano: bigint): string {
  const sign = nano < 0n ? '-' : '';
  const abs = nano < 0n ? -nano : nano;
  const fraction = (abs % NANO).toString().padStart(9, '0').replace(/0+$/, '');
  return `${sign}${abs / NANO}${fraction && `.${fraction}`}`;
}

/** A decimal number of tokens, at most nine digits after the point, as nano-tokens; undefined where it is none. */
export function parseTokens(text: string): bigint | undefined {
  const parts = TOKENS.exec(text);
  if (!parts) return undefined;
  return BigInt(parts[1] ?? 0) * NANO + BigInt((parts[2] ?? '').padEnd(9, '0'));
}
