import type { Entry } from '../store/port.ts';
import type { Reply } from '../store/resp/reply.ts';
import type { Shelf } from './shelf.ts';

/** What was counted since the process began. */
export interface CacheCounts {
  hits: number;
  misses: number;
  /** Entries that Redis said were written; all of a FLUSHALL count as one. */
  invalidations: number;
}

/** A key that is being read, for whoever reads it. */
export interface Reading {
  /** Called with what was read, in order with push messages; `ttlMs` as PTTL answers it. */
  read(entry: Entry | null, ttlMs: number): void;
  /** It could not be read. */
  failed(): void;
}

/**
 * What may be answered from memory for one connection on which Redis tracks what is read. A state machine: it is told what
 * comes over the connection in the order in which it comes, and of writes before they are sent and once they are over.
 *
 * - An entry is given only while Redis vouches for it: until a push message names it, the connection closes, its time to
 *   live is over, or Redis has said nothing for `vouchMs`, which may mean that the route to it is gone.
 * - What is read becomes an entry only where nothing happened to its key since the read began.
 */
export class Tracked {
  readonly #shelf: Shelf;
  readonly #counts: CacheCounts;
  readonly #vouchMs: number;
  readonly #now: () => number;
  #open = false;
  #readingAllowed: boolean;
  /** When the last command was sent that Redis has answered. */
  #heardAt = Number.NEGATIVE_INFINITY;
  #asking = false;

  /**
   * `now` is in ms and monotonic. Where an earlier connection may still carry writes, `settled` resolves when none can be
   * answered any more; until then nothing is kept, since the order of both connections is not known.
   */
  constructor(shelf: Shelf, counts: CacheCounts, vouchMs: number, now: () => number, settled?: Promise<void>) {
    this.#shelf = shelf;
    this.#counts = counts;
    this.#vouchMs = vouchMs;
    this.#now = now;
    this.#readingAllowed = settled === undefined;
    void settled?.then(() => {
      this.#readingAllowed = true;
    });
  }

  opened(): void {
    this.#open = true;
  }

  closed(): void {
    this.#open = false;
    this.#shelf.clear();
  }

  /** Takes a push message (https://redis.io/docs/latest/develop/reference/client-side-caching/). */
  push([kind, keys]: readonly Reply[]): void {
    if (String(kind) !== 'invalidate') return;
    if (!Array.isArray(keys)) {
      // FLUSHALL and FLUSHDB name no keys.
      this.#counts.invalidations++;
      this.#shelf.clear();
      return;
    }
    for (const key of keys) if (this.#shelf.remove(String(key))) this.#counts.invalidations++;
  }

  /**
   * What the store holds under a key, as far as it may be told from memory; undefined where Redis has to be asked. While
   * there is anything to tell, `ping` asks Redis for a sign of life now and then.
   */
  find(key: string, ping: () => Promise<unknown>): Entry | null | undefined {
    const slot = this.#shelf.get(key);
    const entry = slot?.entry;
    if (slot && entry !== undefined) {
      const now = this.#now();
      const silentMs = now - this.#heardAt;
      if (silentMs >= this.#vouchMs / 2 && !this.#asking) this.#ask(now, ping);
      if (now < slot.deadline && silentMs < this.#vouchMs) {
        slot.used = true;
        this.#counts.hits++;
        return entry;
      }
      if (now >= slot.deadline) this.#shelf.remove(key);
    }
    this.#counts.misses++;
    return undefined;
  }

  /** To be called before a key is read; undefined where what is read will not be kept. */
  reading(key: string): Reading | undefined {
    const slot = this.#readingAllowed ? this.#shelf.reserve(key) : undefined;
    if (!slot) return undefined;
    const began = this.#now();
    return {
      read: (entry, ttlMs) => {
        this.#heard(began);
        if (this.#shelf.get(key) !== slot) return;
        const deadline = deadlineOf(entry, ttlMs, began);
        if (deadline === undefined || !this.#open) this.#shelf.remove(key);
        else this.#shelf.fill(slot, entry, deadline);
      },
      failed: () => {
        if (this.#shelf.get(key) === slot && slot.entry === undefined) this.#shelf.remove(key);
      },
    };
  }

  /** To be called before a write is sent, and again before anyone learns that it is over, whatever came of it. */
  forget(key: string): void {
    this.#shelf.remove(key);
  }

  #ask(now: number, ping: () => Promise<unknown>): void {
    this.#asking = true;
    ping()
      .then(
        () => this.#heard(now),
        // The connection closes, or has.
        () => {},
      )
      .then(() => {
        this.#asking = false;
      });
  }

  /** Redis has answered what was sent at that time: all that it had to say by then has come. */
  #heard(sentAt: number): void {
    if (sentAt > this.#heardAt) this.#heardAt = sentAt;
  }
}

/** Until when an entry may be given; undefined where what was read does not fit together. */
function deadlineOf(entry: Entry | null, ttlMs: number, began: number): number | undefined {
  if (entry === null) return Number.POSITIVE_INFINITY;
  if (entry.expiresAt === null) return ttlMs === -1 ? Number.POSITIVE_INFINITY : undefined;
  // Redis took the time to live later than this, so the key is there at least until then.
  return ttlMs >= 0 ? began + ttlMs : undefined;
}
