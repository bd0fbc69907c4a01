import { originOf } from '../origin.ts';
import type { Endpoint } from '../port.ts';
import type { Connection } from '../resp/connection.ts';
import { readRole } from './nearest.ts';

/** A member that has not answered for so long, in ms, is not waited for any more until it does. */
const AWAY_MS = 5_000;
/** For so long, in ms, it is known who was the primary: Sentinels leave more than that between two failovers. */
const MEMORY_MS = 7_000;
/** A failover takes less than this, in ms: whom the Sentinels name for longer beside another, that one has been replaced. */
const FAILOVER_MS = 10_000;

/**
 * The members of a store, who tell whether one of them has become the primary. The old one does not know, as where it hung
 * and goes on: for a second or so it takes writes, and other replicas that still follow it confirm what is then undone.
 */
export class Witnesses {
  readonly #members: readonly Endpoint[];
  readonly #places: readonly string[];
  readonly #connect: (member: Endpoint) => Connection;
  readonly #connections: (Promise<Connection> | undefined)[] = [];
  /** Since when a member does not answer, and when it last did not; by performance.now(). */
  readonly #silent: ({ since: number; last: number } | undefined)[] = [];
  /** What was asked about last, and when. */
  #last: { place: string; at: number } | undefined;
  /** Beside whom another says that it is the primary, since when, and when that was seen last. */
  #disputed: { place: string; since: number; last: number } | undefined;
  /** Until when a member is known to be the one that was replaced, though it may not have learnt it; by performance.now(). */
  readonly #replacedUntil: (number | undefined)[] = [];

  /** `connect` gives a new connection that is not made yet; its limits are those on an answer. */
  constructor(members: readonly Endpoint[], connect: (member: Endpoint) => Connection) {
    this.#members = members;
    this.#places = members.map(({ host, port }) => originOf(host, port).place);
    this.#connect = connect;
  }

  /**
   * Whether the Redis at that place of an Origin was the only primary when this was asked: most of the members are there,
   * and no other says that it has become one. Never rejects.
   */
  async isOnlyPrimary(place: string): Promise<boolean> {
    const now = performance.now();
    if (this.#isReplaced(this.#places.indexOf(place), now)) return false;
    const { place: before = place, at = 0 } = this.#last ?? {};
    if (before !== place && now - at < MEMORY_MS) this.#replacedUntil[this.#places.indexOf(before)] = now + MEMORY_MS;
    this.#last = { place, at: now };
    const others = this.#members.flatMap((_, ordinal) => (this.#places[ordinal] === place ? [] : [ordinal]));
    const answers = await Promise.all(
      others.map((ordinal) => {
        const answer = this.#hasStayed(ordinal, now);
        return this.#isAway(ordinal, now) ? undefined : answer;
      }),
    );
    if (answers.includes(false)) {
      const { place: of, since = now, last = now } = this.#disputed ?? {};
      const goesOn = of === place && now - last < MEMORY_MS;
      this.#disputed = { place, since: goesOn ? since : now, last: now };
      if (goesOn && now - since > FAILOVER_MS)
        for (const [i, ordinal] of others.entries())
          if (answers[i] === false) this.#replacedUntil[ordinal] = now + MEMORY_MS;
      return false;
    }
    const replicas = answers.filter((hasStayed) => hasStayed === true).length;
    return (replicas + 1) * 2 > this.#members.length;
  }

  close(): void {
    for (const made of this.#connections.splice(0)) made?.then((connection) => connection.close()).catch(() => {});
  }

  #isReplaced(ordinal: number, now: number): boolean {
    return now < (this.#replacedUntil[ordinal] ?? 0);
  }

  #isAway(ordinal: number, now: number): boolean {
    const silent = this.#silent[ordinal];
    return silent !== undefined && silent.last - silent.since > AWAY_MS && now - silent.last < AWAY_MS;
  }

  /** Whether it is a replica; undefined where it does not tell, or is known to be a primary that was. */
  async #hasStayed(ordinal: number, now: number): Promise<boolean | undefined> {
    const isReplica = await this.#isReplica(ordinal);
    if (isReplica) this.#replacedUntil[ordinal] = undefined;
    if (isReplica || !this.#isReplaced(ordinal, now)) return isReplica;
    this.#replacedUntil[ordinal] = now + MEMORY_MS;
    return undefined;
  }

  /** Undefined where it does not answer. */
  async #isReplica(ordinal: number): Promise<boolean | undefined> {
    try {
      // Who becomes the primary closes its connections.
      const known = this.#connections[ordinal];
      const { isPrimary } = await this.#ask(ordinal).catch((error) => {
        if (known) return this.#ask(ordinal);
        throw error;
      });
      this.#silent[ordinal] = undefined;
      return !isPrimary;
    } catch {
      const now = performance.now();
      this.#silent[ordinal] = { since: this.#silent[ordinal]?.since ?? now, last: now };
      return undefined;
    }
  }

  async #ask(ordinal: number): Promise<{ isPrimary: boolean }> {
    this.#connections[ordinal] ??= this.#open(ordinal);
    const made = this.#connections[ordinal];
    try {
      return readRole(await (await made).send(['ROLE']));
    } catch (error) {
      if (this.#connections[ordinal] === made) this.#connections[ordinal] = undefined;
      made.then((connection) => connection.close()).catch(() => {});
      throw error;
    }
  }

  async #open(ordinal: number): Promise<Connection> {
    const connection = this.#connect(this.#members[ordinal] as Endpoint);
    await connection.connect();
    return connection;
  }
}
