import { STAMP } from './origin.ts';

/** What is stored under a key: JSON text, byte for byte as it came in; see StoreAddress.anyValues. */
export interface Entry {
  value: Buffer;
  /** Milliseconds since 1970 by the store's own clock; null where the key does not expire. */
  expiresAt: number | null;
  /** Nobody else has `value`: whoever asked for it may do away with it. */
  unshared?: boolean;
}

export interface SetOptions {
  /** When the key expires: whole seconds or milliseconds from now, at least 1; absent removes an expiry that it had. */
  expiry?: { seconds: number } | { milliseconds: number } | undefined;
  /** Write only where the key does not exist, or only where it does. */
  only?: 'if-absent' | 'if-present' | undefined;
}

/** One operation of a batch. */
export type BatchOp =
  | { op: 'get'; key: string }
  | { op: 'set'; key: string; value: Buffer; ttl?: number | undefined }
  | { op: 'delete'; key: string };

/** How a batch is to be run. */
export interface BatchOptions {
  /** Where there is nothing but reads, memory may answer, or a Redis that lags. */
  recall?: boolean;
  /**
   * Told of values as they are read, where they are read for this batch alone; once it says no, the reads that are left
   * fail as `unavailable`.
   */
  took?: (values: readonly Buffer[]) => boolean;
}

/** What became of one operation: `value` is what was read or written; an error is that of this operation alone. */
export type BatchOutcome = { value: Buffer | null; found: boolean } | StoreError;

export interface ScanPage {
  keys: string[];
  /** About how many names were looked at, matching or not. */
  examined: number;
  /** Where to go on, for the next call; undefined at the end. Text of the store's own, of bounded length. */
  next: string | undefined;
}

/** What `next` of a page looks like, in a store of shards after the shard's number. To go on from text of another form fails. */
export const SCAN_POSITION: RegExp = new RegExp(`^(\\d{1,2}-)?\\d{1,20}(\\.[\\w-]{10}\\.[\\w-]{10})?(~${STAMP})?$`);

/** The keys and values of one project. Every method rejects with a StoreError and with nothing else. */
export interface Store {
  /**
   * What memory knows of a key: null where there is no such key, undefined where `get` has to be asked. Absent where
   * nothing is kept. The value is shared with others.
   */
  recall?(key: string): Entry | null | undefined;
  /** Null where there is no such key. */
  get(key: string): Promise<Entry | null>;
  /** `get` from whichever Redis of the store answers soonest, which may lag. Absent where reads are to be fresh. */
  near?(key: string): Promise<Entry | null>;
  /**
   * The same store, whose writes are done when as many of its nodes have them, the primary included; `unknown` where that
   * is not so in time. Absent where the store is one node.
   */
  durable?(nodes: number): Store;
  /** When the key expires; undefined where `only` kept it from being written. */
  set(key: string, value: Buffer, options?: SetOptions): Promise<{ expiresAt: number | null } | undefined>;
  /** How many of the keys there were. */
  delete(keys: readonly string[]): Promise<number>;
  /**
   * Adds to a JSON number, a missing key counting as 0; atomic. `ttl` in whole seconds holds where this call creates the
   * key. The result is a number of JSON within ±(2^53−1); otherwise the key is left as it was.
   */
  increment(key: string, delta: number, ttl?: number): Promise<Entry>;
  /** Lets a key expire after whole seconds, at once where they are 0 or less. Whether there was such a key. */
  expire(key: string, seconds: number): Promise<boolean>;
  /** Whole seconds left, rounded as Redis rounds them (to the nearest); −1 where the key does not expire, −2 where there is no such key. */
  ttl(key: string): Promise<number>;
  /**
   * At most `limit` names of keys that match a Redis glob, after a bounded amount of work, so that a page may be short or
   * empty while `next` goes on. Over all pages each key that is there throughout is given at least once.
   */
  scan(pattern: string, limit: number, from?: string): Promise<ScanPage>;
  /** Runs operations in order, not atomically; one that fails does not stop those after it. */
  batch(ops: readonly BatchOp[], options?: BatchOptions): Promise<BatchOutcome[]>;
  /** How many keys there are. */
  size(): Promise<number>;
}

/**
 * Why a store did not do what was asked:
 * - `unavailable`: it did not run the command, and may soon;
 * - `unknown`: the command was sent and its reply lost, so it may have run or not;
 * - `full`: it refused for lack of memory;
 * - `wrong-type`: the key holds something that is not a value of ours;
 * - `not-a-number`: the key to be incremented holds something else than a number;
 * - `overflow`: the sum is beyond ±(2^53−1);
 * - `failed`: it answered something unexpected, which is for the log.
 */
export type StoreFailure = 'unavailable' | 'unknown' | 'full' | 'wrong-type' | 'not-a-number' | 'overflow' | 'failed';

/** The message is fit for the client: it holds no key, no value and no reply of Redis. */
export class StoreError extends Error {
  readonly failure: StoreFailure;

  constructor(failure: StoreFailure, message: string) {
    super(message);
    this.name = 'StoreError';
    this.failure = failure;
  }
}

/** Where one Redis listens. */
export interface Endpoint {
  host: string;
  port: number;
}

/** What a store of several Redis is: by ordinal, where each of them is. */
export interface StoreTopology {
  mode: 'Replicated' | 'Sharded';
  members: readonly Endpoint[];
}

/** Where a store is and which credentials it takes. Compared by identity first, then by field. */
export interface StoreAddress {
  uid: string;
  host: string;
  port: number;
  /** Absent where the store is the one Redis of `host` and `port`. */
  topology?: StoreTopology;
  credentialGeneration: number;
  /** Reads may be answered from this process's memory, as long as Redis vouches for what is there. */
  cachedReads?: boolean;
  /** Reads may be answered by a replica, which may lag. */
  nearestReads?: boolean;
  /** Others write there too, past the API: what is no JSON is read as a JSON string. */
  anyValues?: boolean;
  /** Its Redis is being restarted on purpose, and worth waiting for. */
  restarting?: boolean;
}

/** Opens stores; the same address gives the same connection. */
export interface Stores {
  open(address: StoreAddress): Store;
  close(): Promise<void>;
}
