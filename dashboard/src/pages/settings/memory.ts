import { parseMemory } from '../usage/format.ts';

/** An amount of memory as the form has it. */
export interface Amount {
  text: string;
  unit: 'mb' | 'gb';
}

const MIB = 1024 ** 2;

/** The amount of a text in Redis' units, in gb where it is a whole number of them. */
export function amountOf(memory: string): Amount {
  const mib = Math.round((parseMemory(memory) ?? 0) / MIB);
  return mib >= 1024 && mib % 1024 === 0 ? { text: String(mib / 1024), unit: 'gb' } : { text: String(mib), unit: 'mb' };
}

/** An amount in Redis' units; undefined where it is no whole number above 0. */
export function memoryOf({ text, unit }: Amount): string | undefined {
  return /^[1-9]\d{0,8}$/.test(text.trim()) ? `${text.trim()}${unit}` : undefined;
}

/** Whether two texts in Redis' units are the same amount. */
export function isSameMemory(one: string, other: string): boolean {
  return parseMemory(one) === parseMemory(other);
}
