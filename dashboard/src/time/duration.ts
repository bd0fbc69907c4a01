/** Units that an expiry can be given in, and their seconds. */
export const UNITS = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 } as const;

export type Unit = keyof typeof UNITS;

/** The seconds of an amount such as `15` or `1.5`; undefined where that is no whole number of seconds from 1 on. */
export function secondsOf(amount: string, unit: Unit): number | undefined {
  if (!/^\d{1,12}(?:\.\d{1,6})?$/.test(amount.trim())) return undefined;
  const seconds = Math.round(Number(amount) * UNITS[unit]);
  return seconds >= 1 ? seconds : undefined;
}

/** The time that is left, in its two largest units; empty at and below zero. */
export function formatLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 0) return '';
  const [d, h, min, s] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  const pad = (part: number) => String(part).padStart(2, '0');
  if (d > 0) return `${d} d ${pad(h)} h`;
  if (h > 0) return `${h} h ${pad(min)} min`;
  if (min > 0) return `${min} min ${pad(s)} s`;
  return `${s} s`;
}

const FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** A moment in the reader's language and time zone. */
export function formatMoment(ms: number): string {
  // 2^53 seconds is a valid expiry, and beyond what a Date can hold.
  return Math.abs(ms) <= 8.64e15 ? FORMAT.format(ms) : 'in the far future';
}
