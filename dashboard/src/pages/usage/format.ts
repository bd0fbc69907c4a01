const LOCALE = 'en-GB';
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
const tokens = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 6, maximumFractionDigits: 9 });
const shortTokens = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 });
const hour = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });
const hourOfDay = new Intl.DateTimeFormat(LOCALE, {
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  day: 'numeric',
  month: 'short',
});
const dayShort = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const dayLong = new Intl.DateTimeFormat(LOCALE, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});

/** A count with all its digits. */
export const formatCount = (count: number): string => whole.format(count);

/** A count short enough for an axis: 12K. */
export const formatShort = (count: number): string => compact.format(count);

/** Tokens with six digits that matter; 0.0000061, 12.5. */
export const formatTokens = (amount: number): string => tokens.format(amount);

/** Tokens short enough for an axis. */
export function formatTokensShort(amount: number): string {
  return amount !== 0 && Math.abs(amount) < 0.001 ? amount.toExponential(0) : shortTokens.format(amount);
}

/** A share from 0 to 1 as a percentage. */
export const formatShare = (share: number): string => percent.format(share);

/** The start of an hour as people here call it: hours are of the reader's clock, days are of UTC as they are counted. */
export function formatStart(start: number, resolution: 'hour' | 'day', long: boolean): string {
  if (resolution === 'hour') return (long ? hourOfDay : hour).format(start);
  return (long ? dayLong : dayShort).format(start);
}

/** The date on which a month ends, and how far that is: `1 Dec (in 9 days)`. Times are in ms since 1970. */
export function formatEnd(end: number, now: number): string {
  const days = Math.ceil((end - now) / 86_400_000);
  return `${dayShort.format(end)} (${days <= 1 ? 'within a day' : `in ${days} days`})`;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
};

/** Bytes of an amount in the units of redis.conf, such as `256mb`; undefined where it is none. */
export function parseMemory(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,15})([kmg]?b?)$/i.exec(text.trim()) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor;
}

/** Bytes in the largest unit that leaves at most three digits before the point: `12.5 MiB`. */
export function formatBytes(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1000 && unit < names.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${amount >= 100 || unit === 0 ? Math.round(amount) : Number(amount.toPrecision(3))} ${names[unit]}`;
}
