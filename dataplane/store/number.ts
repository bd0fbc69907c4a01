import { StoreError } from './port.ts';

/** The number that a stored JSON text is; undefined where it is no number. */
export function parseNumber(text: string): number | undefined {
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** Whether JavaScript, and whoever else reads numbers as doubles, can tell a number from those beside it. */
export function isInRange(value: number): boolean {
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

/** For an increment whose sum is out of range. */
export function overflow(): StoreError {
  return new StoreError('overflow', 'the sum would be beyond ±9007199254740991');
}

/** For an increment of something else than a number. */
export function notANumber(): StoreError {
  return new StoreError('not-a-number', 'the value of the key is not a number');
}
