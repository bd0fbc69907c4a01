import { originOf } from '../origin.ts';
import type { Endpoint } from '../port.ts';
import { bytesOf } from '../replies.ts';
import type { Connection } from '../resp/connection.ts';
import type { Reply } from '../resp/reply.ts';

/** A member that has not answered for so long, in ms, is not waited for any more until it does. */
const AWAY_MS = 5_000;

/**
 * What a member says of its data: a replica has the history of its primary, and who becomes the primary begins one of its
 * own and remembers the one before (https://redis.io/docs/latest/operate/oss_and_stack/management/replication/,
 * "Replication ID explained").
 */
interface Testimony {
  isPrimary: boolean;
  history: string;
  before: string;
}

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

  /** `connect` gives a new connection that is not made yet; its limits are those on an answer. */
  constructor(members: readonly Endpoint[], connect: (member: Endpoint) => Connection) {
    this.#members = members;
    this.#places = members.map(({ host, port }) => originOf(host, port).place);
    this.#connect = connect;
  }

  /**
   * Whether the Redis at that place of an Origin was the only primary when this was asked: most of the members are there,
   * and none of them is a primary but one that this one has replaced. Never rejects.
   */
  async isOnlyPrimary(place: string): Promise<boolean> {
    const all = await this.#hearAll();
    const own = all[this.#places.indexOf(place)];
    if (!own?.isPrimary) return false;
    const others = all.filter((each) => each !== undefined && each !== own && each.history !== own.before);
    if (others.some((each) => each?.isPrimary)) return false;
    return (others.length + 1) * 2 > this.#members.length;
  }

  /** Whether another member says that it has taken the place of the one of that ordinal. Never rejects. */
  async isReplaced(ordinal: number): Promise<boolean> {
    const all = await this.#hearAll();
    const own = all[ordinal];
    return own !== undefined && all.some((each) => each?.isPrimary && each.before === own.history);
  }

  close(): void {
    for (const made of this.#connections.splice(0)) made?.then((connection) => connection.close()).catch(() => {});
  }

  #hearAll(): Promise<(Testimony | undefined)[]> {
    return Promise.all(this.#members.map((_, ordinal) => this.#hear(ordinal)));
  }

  /** What a member says; undefined where it does not answer, at once where it has not for a while. */
  #hear(ordinal: number): Promise<Testimony | undefined> {
    const silent = this.#silent[ordinal];
    const now = performance.now();
    const isAway = silent !== undefined && silent.last - silent.since > AWAY_MS && now - silent.last < AWAY_MS;
    const heard = this.#listen(ordinal);
    return isAway ? Promise.resolve(undefined) : heard;
  }

  async #listen(ordinal: number): Promise<Testimony | undefined> {
    try {
      // Who becomes the primary closes its connections.
      const known = this.#connections[ordinal];
      const testimony = await this.#ask(ordinal).catch((error) => {
        if (known) return this.#ask(ordinal);
        throw error;
      });
      this.#silent[ordinal] = undefined;
      return testimony;
    } catch {
      const now = performance.now();
      this.#silent[ordinal] = { since: this.#silent[ordinal]?.since ?? now, last: now };
      return undefined;
    }
  }

  async #ask(ordinal: number): Promise<Testimony> {
    this.#connections[ordinal] ??= this.#open(ordinal);
    const made = this.#connections[ordinal];
    try {
      return readTestimony(await (await made).send(['INFO', 'replication']));
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

/** Reads INFO replication. Throws where Redis answers with something else. */
function readTestimony(reply: Reply): Testimony {
  const text = String(bytesOf(reply));
  const field = (name: string) => new RegExp(`^${name}:(\\w+)`, 'm').exec(text)?.[1];
  const [role, history, before] = [field('role'), field('master_replid'), field('master_replid2')];
  if (role === undefined || history === undefined || before === undefined)
    throw new Error('Redis answered INFO without what it is');
  return { isPrimary: role === 'master', history, before };
}
