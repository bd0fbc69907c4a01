/** The last moment that ISO 8601 writes with a year of four digits; a later expiry is given as this one. */
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** `{key, value, expires_at}` with the value's bytes as they are stored. `expiresAt` is in ms since 1970. */
export function presentEntry(key: string, value: Buffer, expiresAt: number | null): Buffer {
  const expiry = expiresAt === null ? 'null' : `"${new Date(Math.min(expiresAt, LATEST)).toISOString()}"`;
  return Buffer.concat([
    Buffer.from(`{"key":${JSON.stringify(key)},"value":`),
    value,
    Buffer.from(`,"expires_at":${expiry}}`),
  ]);
}

/** The answer to a delete that found the key. */
export function presentDeleted(key: string): string {
  return JSON.stringify({ key, deleted: true, status: 'ok' });
}
