/** The last moment that ISO 8601 writes with a year of four digits; a later expiry is given as this one. */
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** `{key, value, expires_at}` with the value's bytes as they are stored. `expiresAt` is in ms since 1970. */
export function presentEntry(key: string, value: Buffer, expiresAt: number | null): Buffer {
  return around(`{"key":${JSON.stringify(key)},"value":`, value, `,"expires_at":${expiry(expiresAt)}}`);
}

/** The same with `status`, as increments have it. */
export function presentSum(key: string, value: Buffer, expiresAt: number | null): Buffer {
  return around(`{"key":${JSON.stringify(key)},"value":`, value, `,"expires_at":${expiry(expiresAt)},"status":"ok"}`);
}

/** `{value}` with the value's bytes as they are stored; null where there is none. */
export function presentValue(value: Buffer | null): Buffer | string {
  return value === null ? '{"value":null}' : around('{"value":', value, '}');
}

/** The answer to a delete that found the key. */
export function presentDeleted(key: string): string {
  return JSON.stringify({ key, deleted: true, status: 'ok' });
}

function expiry(expiresAt: number | null): string {
  return expiresAt === null ? 'null' : `"${new Date(Math.min(expiresAt, LATEST)).toISOString()}"`;
}

/** The value's bytes between two pieces of text, of which the second is ASCII. */
function around(before: string, value: Buffer, after: string): Buffer {
  const valueAt = Buffer.byteLength(before);
  const afterAt = valueAt + value.length;
  const bytes = Buffer.allocUnsafe(afterAt + after.length);
  bytes.write(before, 0, 'utf8');
  bytes.set(value, valueAt);
  bytes.write(after, afterAt, 'latin1');
  return bytes;
}
