/** Something that takes up room and can let go of some of what it holds. */
export interface Holder {
  readonly bytes: number;
  /** Lets go of what is least wanted; it holds less afterwards where it held anything. */
  evict(): void;
}

/**
 * Bytes that several holders share. When they are used up, one that holds more than an equal part lets go: so nobody is
 * pushed below an equal part by others, and what some leave unused the others may have.
 */
export class Room {
  readonly limit: number;
  #held = 0;
  readonly #holders = new Set<Holder>();
  /** Who let go last, and does again while it holds more than an equal part: to look for the largest takes a while. */
  #largest: Holder | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  /** Counts bytes that a holder has come to hold, or has let go of where they are negative; makes room where there is none. */
  count(holder: Holder, bytes: number): void {
    this.#held += bytes;
    if (holder.bytes > 0) this.#holders.add(holder);
    else this.#holders.delete(holder);
    while (this.#held > this.limit) this.#debtor(holder).evict();
  }

  /** Somebody who holds more than an equal part: there is one while more is held than there is room for. */
  #debtor(latest: Holder): Holder {
    const part = this.limit / this.#holders.size;
    if (latest.bytes > part) return latest;
    if (this.#largest && this.#largest.bytes > part) return this.#largest;
    let largest = latest;
    for (const holder of this.#holders) if (holder.bytes > largest.bytes) largest = holder;
    this.#largest = largest;
    return largest;
  }
}
