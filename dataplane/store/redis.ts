import type { Connection } from './connection.ts';
import type { Lane } from './lane.ts';
import type { Entry, SetOptions, Store } from './port.ts';

/** PEXPIRETIME's answers for a key that does not exist, and for one that does not expire. */
const NO_KEY = -2;
const NO_EXPIRY = -1;

/** The store behind a lane. Needs Redis 7.0 for PEXPIRETIME. */
export function createRedisStore(lane: Lane): Store {
  return {
    get: (key) => lane.run('read', (connection) => read(connection, key)),
    set: (key, value, options = {}) => lane.run('write', (connection) => write(connection, key, value, options)),
    delete: (key) => lane.run('write', async (connection) => (await connection.unlink(key)) === 1),
  };
}

async function read(connection: Connection, key: string): Promise<Entry | null> {
  // Both are of one tick, so they travel in one pipeline and Redis runs them in one go.
  const [value, expiry] = await Promise.all([connection.getBuffer(key), connection.pexpiretime(key)]);
  if (value === null || expiry === NO_KEY) return null;
  return { value, expiresAt: expiry === NO_EXPIRY ? null : expiry };
}

async function write(
  connection: Connection,
  key: string,
  value: Buffer,
  { ttl, ifNotExists }: SetOptions,
): Promise<{ expiresAt: number | null } | undefined> {
  // Seconds from now by Redis' clock, and then the time that came of it: clocks of data-plane pods differ.
  const set =
    ttl === undefined
      ? ifNotExists
        ? connection.set(key, value, 'NX')
        : connection.set(key, value)
      : ifNotExists
        ? connection.set(key, value, 'EX', ttl, 'NX')
        : connection.set(key, value, 'EX', ttl);
  const expiry = ttl === undefined ? null : connection.pexpiretime(key);
  const [written, expires] = await Promise.allSettled([set, expiry]);
  if (written.status === 'rejected') throw written.reason;
  if (written.value === null) return undefined;
  // The write is acknowledged: that the second reply was lost must not make its outcome unknown.
  const exact = expires.status === 'fulfilled' && expires.value !== null && expires.value >= 0;
  if (ttl === undefined) return { expiresAt: null };
  return { expiresAt: exact ? expires.value : Date.now() + ttl * 1000 };
}
