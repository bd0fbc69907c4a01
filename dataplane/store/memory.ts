import { globToRegExp } from './glob.ts';
import { isInRange, notANumber, overflow, parseNumber } from './number.ts';
import {
  type BatchOp,
  type Entry,
  SCAN_POSITION,
  type Store,
  type StoreAddress,
  StoreError,
  type Stores,
} from './port.ts';

/** Stores in this process's memory, for tests: nothing is evicted, and nothing survives. `now` is in ms since 1970. */
export function createMemoryStores(now: () => number = Date.now): Stores {
  const stores = new Map<string, Store>();
  return {
    open({ uid }: StoreAddress) {
      const store = stores.get(uid) ?? createMemoryStore(now);
      stores.set(uid, store);
      return store;
    },
    async close() {
      stores.clear();
    },
  };
}

/** `born` counts keys as they are made; a scan goes by it. */
type Held = Entry & { born: number };

/** One store in memory. */
export function createMemoryStore(now: () => number = Date.now): Store {
  const records = new Map<string, Held>();
  let born = 0;

  function live(key: string): Held | undefined {
    const record = records.get(key);
    if (record?.expiresAt != null && record.expiresAt <= now()) records.delete(key);
    return records.get(key);
  }

  function put(key: string, value: Buffer, expiresAt: number | null): Entry {
    const record = { value, expiresAt, born: live(key)?.born ?? ++born };
    records.set(key, record);
    return { value, expiresAt };
  }

  const store: Store = {
    async get(key) {
      const record = live(key);
      return record ? { value: record.value, expiresAt: record.expiresAt } : null;
    },
    async set(key, value, { expiry, only } = {}) {
      if (only && (live(key) !== undefined) !== (only === 'if-present')) return undefined;
      const ms = expiry && ('seconds' in expiry ? expiry.seconds * 1000 : expiry.milliseconds);
      const { expiresAt } = put(key, Buffer.from(value), ms === undefined ? null : now() + ms);
      return { expiresAt };
    },
    async delete(keys) {
      return keys.filter((key) => live(key) && records.delete(key)).length;
    },
    async increment(key, delta, ttl) {
      const record = live(key);
      const text = sum(record ? String(record.value) : '0', delta);
      const expiresAt = ttl === undefined ? null : now() + ttl * 1000;
      return put(key, Buffer.from(text), record ? record.expiresAt : expiresAt);
    },
    async expire(key, seconds) {
      const record = live(key);
      if (record) put(key, record.value, now() + seconds * 1000);
      return record !== undefined;
    },
    async ttl(key) {
      const record = live(key);
      if (!record) return -2;
      return record.expiresAt === null ? -1 : Math.round((record.expiresAt - now()) / 1000);
    },
    async scan(pattern, limit, from = '0') {
      if (!SCAN_POSITION.test(from)) throw new StoreError('failed', 'a scan cannot go on from there');
      const matches = globToRegExp(pattern);
      const keys: string[] = [];
      let examined = 0;
      let last = 0;
      // A Map keeps the order in which its keys were made.
      for (const [key, { born }] of records) {
        if (born <= Number(from) || !live(key)) continue;
        if (keys.length === limit) return { keys, examined, next: String(last) };
        examined++;
        last = born;
        if (matches.test(Buffer.from(key).toString('latin1'))) keys.push(key);
      }
      return { keys, examined, next: undefined };
    },
    async batch(ops) {
      return Promise.all(ops.map(run));
    },
    async size() {
      return [...records.keys()].filter(live).length;
    },
  };

  async function run(op: BatchOp): Promise<{ value: Buffer | null; found: boolean }> {
    switch (op.op) {
      case 'get': {
        const value = live(op.key)?.value ?? null;
        return { value, found: value !== null };
      }
      case 'set':
        put(op.key, Buffer.from(op.value), op.ttl === undefined ? null : now() + op.ttl * 1000);
        return { value: op.value, found: true };
      case 'delete':
        return { value: null, found: (await store.delete([op.key])) === 1 };
    }
  }
  return store;
}

/** The text of the sum, as Redis would write it for numbers of no more than 15 digits. Throws a StoreError. */
function sum(stored: string, delta: number): string {
  const base = parseNumber(stored);
  if (base === undefined) throw notANumber();
  if (!isInRange(delta)) throw overflow();
  if (/^-?\d+$/.test(stored) && Number.isInteger(delta)) {
    const exact = BigInt(stored) + BigInt(delta);
    if (!isInRange(Number(exact))) throw overflow();
    return String(exact);
  }
  if (!isInRange(base + delta)) throw overflow();
  return String(Number((base + delta).toPrecision(15)));
}
