import { Redis } from 'ioredis';
import { MASTER_NAME } from '../../contract/names.ts';
import { INFO_SECTIONS, parseInfo, type RedisInfo } from './info.ts';

/** Where a store's Redis is and how the operator signs in. */
export interface RedisAddress {
  host: string;
  port: number;
  /** One, or several that are tried in order until one is accepted. */
  password: string | readonly string[];
  /** `cluster` joins shards and moves their slots; `operator` where absent. */
  user?: 'operator' | 'cluster';
}

/** An open conversation with one Redis. Every call rejects after its time limit; a refusal rejects with a `RedisRefusal`. */
export interface RedisSession {
  info(): Promise<RedisInfo>;
  /** Why Redis refuses writes, in its own words; undefined where it takes them. Only PING tells the system's error. */
  writeError(): Promise<string | undefined>;
  /** Values of the named directives. */
  configGet(names: readonly string[]): Promise<Record<string, string>>;
  configSet(name: string, value: string): Promise<void>;
  /** The rules of all users, one line each. */
  aclList(): Promise<string[]>;
  /** Reads users.acl anew. */
  aclLoad(): Promise<void>;
  /** Makes a user of exactly these rules, whatever it was before. */
  aclSetUser(name: string, rules: readonly string[]): Promise<void>;
  /** Removes users and closes their connections; those that are not there do not matter. */
  aclDelUsers(names: readonly string[]): Promise<void>;
  /** Starts a snapshot in the background, after a rewrite of the log where one runs. */
  bgsave(): Promise<void>;
  /** Makes this Redis a replica of the one at that address. */
  replicaOf(host: string, port: number): Promise<void>;
  /** Lets clients that write wait, for `ms` at most. */
  pauseWrites(ms: number): Promise<void>;
  unpauseWrites(): Promise<void>;
  /** Of a Sentinel: the address of the primary that it knows of. */
  sentinelPrimary(): Promise<string | undefined>;
  /** Of a Sentinel: makes a replica the primary now. It is refused where none is fit for it. */
  sentinelFailover(): Promise<void>;
  /** Of a Sentinel: how it signs in to every Redis and to the other Sentinels. */
  sentinelSignIn(password: string): Promise<void>;
  /** Of a shard: the answer to CLUSTER with these words. */
  cluster(...words: readonly (string | number)[]): Promise<unknown>;
  /** Of a shard: names of keys of a slot that it has, `count` at most. */
  keysInSlot(slot: number, count: number): Promise<Buffer[]>;
  /** Of a shard: hands keys over to another one, which has them in its place when this resolves. */
  migrate(to: Pick<RedisAddress, 'host' | 'port'>, keys: readonly Buffer[], password: string): Promise<void>;
  close(): void;
  /** Resolves when the connection is over, whoever ended it. */
  ended: Promise<void>;
}

/** Opens a session, or rejects within the time limit. */
export type ConnectRedis = (address: RedisAddress) => Promise<RedisSession>;

/** Redis answered with an error. The message is Redis' own. */
export class RedisRefusal extends Error {
  override readonly name = 'RedisRefusal';
}

/** Whether an error says that no Redis is there: nothing listens, or what did has just ended. */
export function isDown(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET');
}

/** Time limit of a connection and of each call, in ms: one hung Redis must not hold up the rest. */
const TIMEOUT_MS = 2_000;

/**
 * What one session may receive, in bytes; all that it asks for has a few dozen KiB. The Redis may be a tenant's own
 * image, and ioredis would take a reply of any size into the memory of the operator, on which every store depends.
 */
const MAX_RECEIVED_BYTES = 2 ** 20;
/** The same for who moves slots, and so reads the names of many keys. */
const MAX_NAMES_BYTES = 16 * 2 ** 20;
/** How long a shard may take to hand over some keys, in ms: it serves nobody meanwhile. */
const MIGRATE_MS = 5_000;
/** How much of Redis' own words an error keeps: they come to stand in a condition. */
const MAX_REFUSAL_LENGTH = 300;

/** Connects, and signs in. */
export const connectRedis: ConnectRedis = async ({ host, port, password, user = 'operator' }) => {
  const redis = new Redis({
    host,
    port,
    protocol: 2, // RESP3 would say HELLO before AUTH, which the switched-off default user may not
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: user === 'cluster' ? MIGRATE_MS + TIMEOUT_MS : TIMEOUT_MS,
    // One conversation, then over: nothing is queued, sent again or reconnected.
    enableOfflineQueue: false,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    disableClientInfo: true,
  });
  // A failed connection rejects as "Connection is closed"; why it failed comes as an event.
  let failure: Error | undefined;
  redis.on('error', (error) => {
    failure = error;
  });
  redis.once('connect', () => {
    let received = 0;
    redis.stream.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > (user === 'cluster' ? MAX_NAMES_BYTES : MAX_RECEIVED_BYTES)) redis.disconnect();
    });
  });
  const settle = async <T>(reply: Promise<T>): Promise<T> => {
    try {
      return await reply;
    } catch (error) {
      throw isReply(error) ? new RedisRefusal(error.message.slice(0, MAX_REFUSAL_LENGTH)) : error;
    }
  };
  const call = (command: string, ...args: string[]): Promise<unknown> => settle(redis.call(command, ...args));
  const ended = new Promise<void>((resolve) => redis.once('end', () => resolve()));
  try {
    await redis.connect();
    await signIn(call, user, [password].flat());
  } catch (error) {
    redis.disconnect();
    throw error instanceof RedisRefusal ? error : (failure ?? error);
  }
  return {
    info: async () => parseInfo(String(await call('INFO', ...INFO_SECTIONS))),
    async writeError() {
      try {
        await call('PING');
        return undefined;
      } catch (error) {
        if (error instanceof RedisRefusal && error.message.startsWith('MISCONF')) return error.message;
        throw error;
      }
    },
    async configGet(names) {
      const pairs = (await call('CONFIG', 'GET', ...names)) as string[];
      return Object.fromEntries(pairs.flatMap((name, i) => (i % 2 === 0 ? [[name, pairs[i + 1] ?? '']] : [])));
    },
    async configSet(name, value) {
      await call('CONFIG', 'SET', name, value);
    },
    aclList: async () => (await call('ACL', 'LIST')) as string[],
    async aclLoad() {
      await call('ACL', 'LOAD');
    },
    async aclSetUser(name, rules) {
      await call('ACL', 'SETUSER', name, 'reset', ...rules);
    },
    async aclDelUsers(names) {
      await call('ACL', 'DELUSER', ...names);
    },
    async bgsave() {
      await call('BGSAVE', 'SCHEDULE');
    },
    async replicaOf(host, port) {
      await call('REPLICAOF', host, String(port));
    },
    async pauseWrites(ms) {
      await call('CLIENT', 'PAUSE', String(ms), 'WRITE');
    },
    async unpauseWrites() {
      await call('CLIENT', 'UNPAUSE');
    },
    async sentinelPrimary() {
      const address = (await call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME)) as string[] | null;
      return address?.[0];
    },
    async sentinelFailover() {
      await call('SENTINEL', 'FAILOVER', MASTER_NAME);
    },
    async sentinelSignIn(password) {
      await call('SENTINEL', 'SET', MASTER_NAME, 'auth-pass', password);
      await call('SENTINEL', 'CONFIG', 'SET', 'sentinel-pass', password);
    },
    cluster: (...words) => call('CLUSTER', ...words.map(String)),
    keysInSlot: (slot, count) => settle(redis.callBuffer('CLUSTER', 'GETKEYSINSLOT', slot, count)) as Promise<Buffer[]>,
    async migrate(to, keys, password) {
      // What is there already is left of an attempt whose end was not seen, in which this one kept what it had.
      const how = ['REPLACE', 'AUTH2', 'cluster', password, 'KEYS'];
      await settle(redis.call('MIGRATE', to.host, to.port, '', 0, MIGRATE_MS, ...how, ...keys));
    },
    close: () => redis.disconnect(),
    ended,
  };
};

/** A refused password leaves the connection as it was. */
async function signIn(
  call: (command: string, ...args: string[]) => Promise<unknown>,
  user: string,
  passwords: readonly string[],
): Promise<void> {
  for (const [index, password] of passwords.entries()) {
    try {
      await call('AUTH', user, password);
      return;
    } catch (error) {
      const isRefused = error instanceof RedisRefusal && error.message.startsWith('WRONGPASS');
      if (!isRefused || index === passwords.length - 1) throw error;
    }
  }
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}
