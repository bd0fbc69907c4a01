import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '../port.ts';
import { bytesOf, elementsOf } from '../replies.ts';
import type { Connection } from '../resp/connection.ts';
import type { Sentinels } from './sentinels.ts';

/** How often the Sentinels are asked, while the store is, whether the primary is still the one. */
const LOOK_MS = 500;
/** How long a primary is looked for before that counts as failed, and the pause between two attempts. */
const FIND_MS = 2000;
const FIND_PAUSE_MS = 50;
/** How long a Redis may take to say that it is the primary. */
const ATTEMPT_MS = 1000;
/** What a Redis that is the primary no more has in flight may take so long; then it is given up. */
const FINISH_MS = 250;

/**
 * Makes connections to the primary of a store, whichever member that is, and gives them up when it is another. While
 * nothing is asked of the store, nobody is asked about it.
 */
export class Primary {
  readonly #members: readonly Endpoint[];
  readonly #sentinels: Pick<Sentinels, 'primary' | 'close'>;
  readonly #connect: (member: Endpoint) => Connection;
  readonly #idleMs: () => number;
  /** Those that were made, and to which member. */
  readonly #made = new Map<Connection, number>();
  #last: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #opening = 0;

  /** `connect` gives a new connection that is not made yet; `idleMs` tells for how long nobody has asked the store. */
  constructor(
    members: readonly Endpoint[],
    sentinels: Pick<Sentinels, 'primary' | 'close'>,
    connect: (member: Endpoint) => Connection,
    idleMs: () => number,
  ) {
    this.#members = members;
    this.#sentinels = sentinels;
    this.#connect = connect;
    this.#idleMs = idleMs;
  }

  /** Connects to the primary, in the time that a failover takes to find one; otherwise rejects with what stood against it last. */
  async open(): Promise<Connection> {
    const deadline = performance.now() + FIND_MS;
    this.#opening++;
    this.#timer ??= setInterval(this.#tick, LOOK_MS).unref();
    try {
      for (;;) {
        try {
          return await this.#attempt();
        } catch (error) {
          if (performance.now() + FIND_PAUSE_MS >= deadline) throw error;
        }
        await sleep(FIND_PAUSE_MS);
      }
    } finally {
      this.#opening--;
    }
  }

  async #attempt(): Promise<Connection> {
    const ordinal = await this.#sentinels.primary();
    const connection = this.#connect(this.#members[ordinal] as Endpoint);
    // One that hangs still takes connections, until the Sentinels have named another.
    const late = setTimeout(() => connection.close(), ATTEMPT_MS);
    try {
      await connection.connect();
      const [role] = elementsOf(await connection.send(['ROLE']));
      if (String(bytesOf(role)) !== 'master') throw notPrimary();
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      clearTimeout(late);
    }
    this.#made.set(connection, ordinal);
    this.#last = ordinal;
    return connection;
  }

  /** The ordinal of the member that was connected to last; undefined where that was never. */
  get last(): number | undefined {
    return this.#last;
  }

  readonly #tick = (): void => {
    for (const connection of this.#made.keys()) if (!connection.ready) this.#made.delete(connection);
    if (this.#made.size === 0 && this.#opening === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#sentinels.close();
    } else if (!this.#looking && this.#idleMs() < 2 * LOOK_MS) {
      this.#looking = true;
      void this.#look().finally(() => {
        this.#looking = false;
      });
    }
  };

  /** Lets go of connections to members that are not the primary. Where nobody can tell, all stays as it is. */
  async #look(): Promise<void> {
    const primary = await this.#sentinels.primary().catch(() => undefined);
    if (primary === undefined) return;
    for (const [connection, ordinal] of this.#made) {
      if (ordinal === primary) continue;
      this.#made.delete(connection);
      connection.finish();
      setTimeout(() => connection.close(), FINISH_MS).unref();
    }
  }
}

function notPrimary(): Error {
  return Object.assign(new Error('the Redis that the Sentinels name is no primary'), { code: 'ENOTPRIMARY' });
}
