import type { Entry } from '../store/port.ts';
import type { Room } from './room.ts';

/** What is known of a key. */
export interface Slot {
  readonly key: string;
  /** Null where there is no such key; undefined while it is being read. */
  entry: Entry | null | undefined;
  /** From when on it must not be given, on the monotonic clock in ms. */
  deadline: number;
  bytes: number;
  /** Given since it was last considered for eviction. */
  used: boolean;
  /** The ring of those that are filled. */
  next: Slot;
  before: Slot;
}

/** What an entry takes beside its value and its key, as measured: the slot, its part of the map, and the Buffer. */
const OVERHEAD_BYTES = 800;
/** A value larger than this part of the room would push out more than it is worth. */
const LARGEST_PART = 1 / 8;

/**
 * What is known of one project's keys. Where room is short, the entry that came first goes, unless it was used since it
 * was last looked at: almost the least recently used, at the price of one assignment for each use.
 */
export class Shelf {
  readonly #room: Room;
  readonly #slots = new Map<string, Slot>();
  /** The entry that is looked at next; the one before it came last. A Map's own order is slow to take from the front. */
  #hand: Slot | undefined;
  #bytes = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Slot | undefined {
    return this.#slots.get(key);
  }

  /** A slot for what is being read; undefined where the key has one. */
  reserve(key: string): Slot | undefined {
    if (this.#slots.has(key)) return undefined;
    const slot = createSlot(key);
    this.#slots.set(key, slot);
    return slot;
  }

  /** Puts what was read into the slot that was reserved for it. */
  fill(slot: Slot, entry: Entry | null, deadline: number): void {
    const bytes = OVERHEAD_BYTES + 2 * slot.key.length + (entry?.value.length ?? 0);
    if (bytes > this.#room.limit * LARGEST_PART) {
      this.remove(slot.key);
      return;
    }
    slot.entry = entry && { value: owned(entry.value), expiresAt: entry.expiresAt };
    slot.deadline = deadline;
    slot.bytes = bytes;
    if (this.#hand) link(slot, this.#hand);
    else this.#hand = slot;
    this.#bytes += bytes;
    this.#room.count(this, bytes);
  }

  /** Whether anything was known, or being read. */
  remove(key: string): boolean {
    const slot = this.#slots.get(key);
    if (!slot) return false;
    this.#slots.delete(key);
    if (slot === this.#hand) this.#hand = slot.next === slot ? undefined : slot.next;
    unlink(slot);
    this.#release(slot.bytes);
    return true;
  }

  clear(): void {
    this.#slots.clear();
    this.#hand = undefined;
    this.#release(this.#bytes);
  }

  /** Lets go of one entry, where there is any. */
  evict(): void {
    if (!this.#hand) return;
    while (this.#hand.used) {
      this.#hand.used = false;
      this.#hand = this.#hand.next;
    }
    this.remove(this.#hand.key);
  }

  #release(bytes: number): void {
    if (bytes === 0) return;
    this.#bytes -= bytes;
    this.#room.count(this, -bytes);
  }
}

function createSlot(key: string): Slot {
  const slot = { key, entry: undefined, deadline: 0, bytes: 0, used: false } as Omit<Slot, 'next' | 'before'> as Slot;
  slot.next = slot;
  slot.before = slot;
  return slot;
}

/** Puts a slot that is in no ring before another. */
function link(slot: Slot, next: Slot): void {
  slot.next = next;
  slot.before = next.before;
  next.before.next = slot;
  next.before = slot;
}

function unlink(slot: Slot): void {
  slot.before.next = slot.next;
  slot.next.before = slot.before;
  slot.next = slot;
  slot.before = slot;
}

/** The value in memory of its own: a small one would keep the whole slab in memory that it came in. */
function owned(value: Buffer): Buffer {
  if (value.buffer.byteLength <= value.length + 64) return value;
  const own = Buffer.allocUnsafeSlow(value.length);
  value.copy(own);
  return own;
}
