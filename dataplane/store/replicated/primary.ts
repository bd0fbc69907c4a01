import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '../port.ts';
import { bytesOf, elementsOf } from '../replies.ts';
import type { Connection } from '../resp/connection.ts';

/** How often the Sentinels are asked, while the store is, whether the primary is still the one. */
const LOOK_MS = 500;
/** How long a primary is looked for before that counts as failed, and the pause between two attempts. */
const FIND_MS = 2000;
const FIND_PAUSE_MS = 50;
/** How long a Redis may take to say that it is the primary. */
const ATTEMPT_MS = 1000;
/** What a Redis that is the primary no more has in flight may take so long; then it is given up. */
const FINISH_MS = 250;

/** While there is doubt about the primary, who has replaced it is looked for so often. */
const DOUBTFUL_LOOK_MS = 100;

/** Who can tell which member is the primary. */
export interface Informants {
  /** The ordinal of the member that the Sentinels name. Rejects where none does. */
  primary(): Promise<number>;
  /** Whether a Sentinel has found the primary down, or begun to replace it, not long ago. */
  readonly inDoubt: boolean;
  /** Whether another member says that it has taken the place of that one; it may be before the Sentinels do. Never rejects. */
  isReplaced(ordinal: number): Promise<boolean>;
  close(): void;
}

/**
 * Makes connections to the primary of a store, whichever member that is, and gives them up when it is another. While
 * nothing is asked of the store, nobody is asked about it.
 */
export class Primary {
  readonly #members: readonly Endpoint[];
  readonly #informants: Informants;
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
    informants: Informants,
    connect: (member: Endpoint) => Connection,
    idleMs: () => number,
  ) {
    this.#members = members;
    this.#informants = informants;
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
    const ordinal = await this.#informants.primary();
    const connection = this.#connect(this.#members[ordinal] as Endpoint);
    // One that hangs still takes connections, until the Sentinels have named another.
    const late = setTimeout(() => connection.close(), ATTEMPT_MS);
    try {
      await connection.connect();
      const [role] = elementsOf(await connection.send(['ROLE']));
      if (String(bytesOf(role)) !== 'master' || (await this.#isReplaced(ordinal))) throw notPrimary();
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
      this.#informants.close();
    } else if (!this.#looking && this.#idleMs() < 2 * LOOK_MS) {
      this.#looking = true;
      void this.#look().finally(() => {
        this.#looking = false;
      });
    }
  };

  /** Lets go of connections to members that are not the primary. Where nobody can tell, all stays as it is. */
  async #look(): Promise<void> {
    do {
      const primary = await this.#informants.primary().catch(() => undefined);
      for (const [connection, ordinal] of [...this.#made]) {
        const isPrimary = primary === undefined || ordinal === primary;
        if (isPrimary && !(await this.#isReplaced(ordinal))) continue;
        this.#made.delete(connection);
        connection.finish();
        setTimeout(() => connection.close(), FINISH_MS).unref();
      }
      if (this.#informants.inDoubt) await sleep(DOUBTFUL_LOOK_MS);
    } while (this.#informants.inDoubt && this.#made.size > 0 && this.#idleMs() < 2 * LOOK_MS);
  }

  async #isReplaced(ordinal: number): Promise<boolean> {
    return this.#informants.inDoubt && (await this.#informants.isReplaced(ordinal));
  }
}

function notPrimary(): Error {
  return Object.assign(new Error('the Redis that the Sentinels name is no primary'), { code: 'ENOTPRIMARY' });
}
