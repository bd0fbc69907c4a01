import { createBatch } from './batch.ts';
import type { Request, Way } from './exchange.ts';
import { increment } from './increment.ts';
import type { Entry, SetOptions, Store } from './port.ts';
import { asItIs, bytesOf, expiryOf, integerOf, one, type TextOf, wasDone } from './replies.ts';
import { type Arg, bulk, encode, join } from './resp/encode.ts';
import { type Reply, ReplyError } from './resp/reply.ts';
import { scan } from './scan.ts';

/** The words before the key, as `encode` would write them. */
const GET = '*2\r\n$3\r\nGET\r\n';
const PEXPIRETIME = '*2\r\n$11\r\nPEXPIRETIME\r\n';
const PTTL = '*2\r\n$4\r\nPTTL\r\n';

/** A store that asks Redis each time. */
export interface RedisStore extends Store {
  /**
   * `get`, telling what was read in order with push messages, before the promise is settled. `ttlMs` is Redis' PTTL: −1
   * where the key does not expire, −2 where there is none.
   */
  read(key: string, told: (entry: Entry | null, ttlMs: number) => void): Promise<Entry | null>;
  /** Resolves when Redis answers. */
  ping(): Promise<unknown>;
}

/**
 * The store that a way leads to; `textOf` makes a value of the bytes that are stored, `isShard` says that keys may go
 * elsewhere. Needs Redis 7.0 for PEXPIRETIME.
 */
export function createRedisStore(way: Way, textOf: TextOf = asItIs, isShard = false): RedisStore {
  /** What only one has asked for. */
  function readOwn(replies: readonly Reply[]): Entry | null {
    const entry = readEntry(replies, textOf);
    if (entry) entry.unshared = true;
    return entry;
  }

  return {
    get(key) {
      const word = bulk(key);
      // Both travel in one write, and Redis runs them in one go.
      const commands = GET + word + PEXPIRETIME + word;
      return way.request({ access: 'read', commands, count: 2, read: readOwn });
    },
    read(key, told) {
      const word = bulk(key);
      const commands = GET + word + PEXPIRETIME + word + PTTL + word;
      const read = (replies: readonly Reply[]) => {
        const entry = readEntry(replies, textOf);
        const [, , ttl] = replies;
        // An ACL from before this was asked refuses it; the value is no less one for that.
        told(entry, typeof ttl === 'number' ? ttl : Number.NaN);
        return entry;
      };
      return way.request({ access: 'read', commands, count: 3, read });
    },
    ping: () => way.request(one('read', ['PING'], (reply) => reply)),
    set: (key, value, options = {}) => way.request(write(key, value, options)),
    async delete(keys) {
      if (keys.length === 0) return 0;
      return way.request(one('write', ['UNLINK', ...keys], integerOf));
    },
    expire: (key, seconds) => way.request(one('write', ['EXPIRE', key, seconds], (reply) => integerOf(reply) === 1)),
    increment: (key, delta, ttl) => increment(way, key, delta, ttl, isShard),
    ttl: (key) => way.request(one('read', ['TTL', key], integerOf)),
    scan: (pattern, limit, from) => scan(way, pattern, limit, from),
    batch: createBatch(way, textOf),
    size: () => way.request(one('read', ['DBSIZE'], integerOf)),
  };
}

function readEntry([value, expiry]: readonly Reply[], textOf: TextOf): Entry | null {
  const bytes = bytesOf(value);
  const expiresAt = expiryOf(expiry);
  // It may expire between both commands.
  return bytes === null || expiresAt === undefined ? null : { value: textOf(bytes), expiresAt };
}

type Written = { expiresAt: number | null } | undefined;

function write(key: string, value: Buffer, { expiry, only }: SetOptions): Request<Written> {
  const set: Arg[] = ['SET', key, value];
  if (only) set.push(only === 'if-absent' ? 'NX' : 'XX');
  if (!expiry) {
    return one('write', set, (reply) => (wasDone(reply) ? { expiresAt: null } : undefined));
  }
  const [unit, duration] = 'seconds' in expiry ? ['EX', expiry.seconds] : ['PX', expiry.milliseconds];
  set.push(unit, duration);
  const written = ([reply, at]: readonly Reply[]): Written => {
    if (!wasDone(reply)) return undefined;
    // The write is acknowledged: that the second reply was lost must not make its outcome unknown.
    const exact = typeof at === 'number' || typeof at === 'bigint' ? expiryOf(at) : undefined;
    return { expiresAt: exact ?? Date.now() + duration * (unit === 'EX' ? 1000 : 1) };
  };
  return {
    access: 'write',
    // From now by Redis' clock, and then the time that came of it: clocks of data-plane pods differ.
    commands: join([encode(set), PEXPIRETIME + bulk(key)]),
    count: 2,
    read: written,
    partial(replies) {
      const [reply] = replies;
      return reply === undefined || reply instanceof ReplyError ? undefined : { result: written(replies) };
    },
  };
}
