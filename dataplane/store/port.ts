/** What is stored under a key: JSON text, byte for byte as it came in. */
export interface Entry {
  value: Buffer;
  /** Milliseconds since 1970 by the store's own clock; null where the key does not expire. */
  expiresAt: number | null;
}

export interface SetOptions {
  /** Whole seconds, 1 … 2^53−1; absent removes an expiry that the key had. */
  ttl?: number | undefined;
  /** Only write where the key does not exist. */
  ifNotExists?: boolean | undefined;
}

/** The keys and values of one project. Every method rejects with a StoreError and with nothing else. */
export interface Store {
  /** Null where there is no such key. */
  get(key: string): Promise<Entry | null>;
  /** When the key expires; undefined where `ifNotExists` kept it from being written. */
  set(key: string, value: Buffer, options?: SetOptions): Promise<{ expiresAt: number | null } | undefined>;
  /** Whether there was such a key. */
  delete(key: string): Promise<boolean>;
}

/**
 * Why a store did not do what was asked:
 * - `unavailable`: it did not run the command, and may soon;
 * - `unknown`: the command was sent and its reply lost, so it may have run or not;
 * - `full`: it refused for lack of memory;
 * - `wrong-type`: the key holds something that is not a value of ours;
 * - `failed`: it answered something unexpected, which is for the log.
 */
export type StoreFailure = 'unavailable' | 'unknown' | 'full' | 'wrong-type' | 'failed';

/** The message is fit for the client: it holds no key, no value and no reply of Redis. */
export class StoreError extends Error {
  readonly failure: StoreFailure;

  constructor(failure: StoreFailure, message: string) {
    super(message);
    this.name = 'StoreError';
    this.failure = failure;
  }
}

/** Where a store is and which credentials it takes. Compared by identity first, then by field. */
export interface StoreAddress {
  uid: string;
  host: string;
  port: number;
  credentialGeneration: number;
}

/** Opens stores; the same address gives the same connection. */
export interface Stores {
  open(address: StoreAddress): Store;
  close(): Promise<void>;
}
