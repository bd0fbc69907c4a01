import { formatBytes, parseQuantity } from '../../contract/quantity.ts';

/**
 * How Redis writes an amount of memory in its configuration, where 1mb is 1024 kb and 1m is 1000 k; up to a petabyte, so
 * that every amount is a whole number of bytes that JavaScript holds.
 */
export const REDIS_MEMORY_PATTERN = /^([0-9]{1,15}[bB]?|[0-9]{1,12}[kK][bB]?|[0-9]{1,9}[mM][bB]?|[0-9]{1,6}[gG][bB]?)$/;

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 2 ** 10,
  m: 1e6,
  mb: 2 ** 20,
  g: 1e9,
  gb: 2 ** 30,
};

/** An amount in Redis' units as a Kubernetes quantity, "256mb" as "256Mi"; undefined where it is none. */
export function quantityOf(memory: string): string | undefined {
  if (!REDIS_MEMORY_PATTERN.test(memory)) return undefined;
  const [, number = '', unit = ''] = /^(\d+)(\D*)$/.exec(memory.toLowerCase()) ?? [];
  return formatBytes(Number(number) * (UNITS[unit] ?? 1));
}

/** A Kubernetes quantity in Redis' units, "1Gi" as "1gb" and "1500M" as "1500000000". */
export function redisMemoryOf(quantity: string | number): string {
  const bytes = Math.floor(parseQuantity(quantity));
  for (const unit of ['gb', 'mb', 'kb'] as const) {
    const factor = UNITS[unit] ?? 1;
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}
