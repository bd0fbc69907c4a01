/** A span of time as `kubectl get` shows ages: two units below ten of the larger one, else one. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const;
  for (const [index, [unit, size]] of units.entries()) {
    const count = Math.floor(seconds / size);
    if (count === 0 && unit !== 's') continue;
    const [smaller, smallerSize] = units[index + 1] ?? ['', 1];
    const rest = Math.floor((seconds % size) / smallerSize);
    return count < 10 && unit !== 's' && rest > 0 ? `${count}${unit}${rest}${smaller}` : `${count}${unit}`;
  }
  return '0s';
}

/** The age of an RFC 3339 time; `–` where there is none. */
export function ageOf(time: string | undefined, now: number): string {
  return time === undefined ? NOTHING : formatAge(now - Date.parse(time));
}

/** What stands where a value is not known. */
export const NOTHING = '–';

/** Bytes in binary units with three digits: 739528 → `722 KiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** A share of a whole as percent, `<1%` where it is not quite nothing. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return NOTHING;
  const percent = (part / whole) * 100;
  return percent > 0 && percent < 1 ? '<1%' : `${Math.round(percent)}%`;
}

/** A share as a bar of `width` characters, filled from the left; more than the whole fills it. */
export function bar(part: number, whole: number, width = 20): string {
  const share = whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0;
  const filled = share > 0 ? Math.max(1, Math.round(share * width)) : 0;
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of `90`, `90s`, `1h30m` or `7d`: whole and at least one; undefined for any other text. */
export function parseSeconds(text: string): number | undefined {
  if (/^\d+$/.test(text)) return sane(Number(text));
  if (!/^(\d+[smhd])+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)([smhd])/g)];
  return sane(parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0), 0));
}

const sane = (seconds: number) => (seconds >= 1 && Number.isSafeInteger(seconds) ? seconds : undefined);
