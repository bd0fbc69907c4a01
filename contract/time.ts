const UNIT_MS = { h: 3_600_000, m: 60_000, s: 1000 } as const;

/** A duration as the CRDs have it ("720h", "1h30m", "30s") in ms; undefined in any other form. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?=.)(\d+h)?(\d+m)?(\d+s)?$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)([hms])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS], 0);
}

/** An RFC 3339 time in ms since 1970; undefined in any other form, and where there is no such time. */
export function parseTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/** Whether there is a time zone of that name, such as Europe/Berlin or UTC. */
export function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
