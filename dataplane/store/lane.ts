import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from './connection.ts';
import { StoreError } from './port.ts';
import { connectFailureCode, failureOf, type RedisFailure, replyCode } from './redis-errors.ts';

/** Bounds on one store's use, so that one tenant's dead Redis costs the others nothing. */
export interface LaneLimits {
  /** How long in ms a request waits for a Redis that does not take commands. */
  waitMs: number;
  /** Requests at the same time, waiting ones included. */
  inFlight: number;
  /** Requests that wait at the same time for a connection. */
  waiting: number;
}

/** Something that operators of Cubby want to see; `code` is a word of Redis or of the system, never user text. */
export type LaneEvent =
  | { event: 'connected' }
  | { event: 'connect-failed'; code: string }
  | { event: 'command-failed'; failure: RedisFailure; code: string };

/** A read may be sent twice; a write must not be, once its outcome is unknown. */
export type Access = 'read' | 'write';

const CONNECT_BACKOFF_MS = { first: 10, most: 500 };
const REFUSED_PAUSE_MS = 50;

/** The way to one store: at most one connection, made when it is first needed and again when it is lost. */
export class Lane {
  readonly #connect: () => Connection;
  readonly #limits: LaneLimits;
  readonly #report: (event: LaneEvent) => void;
  #connection: Connection | undefined;
  #connecting: Promise<void> | undefined;
  #failures = 0;
  #nextAttemptAt = 0;
  #lastFailure: string | undefined;
  #inFlight = 0;
  #waiting = 0;
  #lastUsed = performance.now();
  #closed = false;

  /** `connect` gives a new, unconnected connection. */
  constructor(connect: () => Connection, limits: LaneLimits, report: (event: LaneEvent) => void) {
    this.#connect = connect;
    this.#limits = limits;
    this.#report = report;
  }

  /** For how long in ms nothing has been asked; 0 while something is in flight. */
  idleMs(now: number): number {
    return this.#inFlight > 0 ? 0 : now - this.#lastUsed;
  }

  /** Whether a connection is up. */
  get connected(): boolean {
    return this.#usable() !== undefined;
  }

  /**
   * Runs `work` on the connection, and again only where the first run certainly had no effect or where `access` is a
   * read. Rejects with a StoreError.
   */
  async run<T>(access: Access, work: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#inFlight >= this.#limits.inFlight) throw new StoreError('unavailable', 'the store has too many requests');
    const deadline = performance.now() + this.#limits.waitMs;
    this.#inFlight++;
    try {
      for (let attempts = 1; ; attempts++) {
        const connection = await this.#ready(deadline);
        try {
          return await work(connection);
        } catch (error) {
          await this.#settle(error, access, attempts, connection, deadline);
        }
      }
    } finally {
      this.#inFlight--;
      this.#lastUsed = performance.now();
    }
  }

  /** Takes no new requests and closes the connection; what is in flight then is lost. */
  close(): void {
    this.#closed = true;
    this.#connection?.disconnect();
    this.#connection = undefined;
  }

  /** Returns where the command may be sent again, otherwise throws what the client gets to know. */
  async #settle(
    error: unknown,
    access: Access,
    attempts: number,
    connection: Connection,
    deadline: number,
  ): Promise<void> {
    const failure = failureOf(error);
    if (failure !== 'unsent') {
      this.#report({ event: 'command-failed', failure, code: replyCode(error) ?? 'lost' });
    }
    switch (failure) {
      case 'unsent':
        this.#drop(connection);
        if (performance.now() < deadline) return;
        throw restarting();
      case 'refused':
        if (performance.now() + REFUSED_PAUSE_MS >= deadline) throw restarting();
        await sleep(REFUSED_PAUSE_MS);
        return;
      case 'lost':
        // Also after a time-out: a reply that is so late means a Redis that hangs or a route that is gone.
        this.#drop(connection);
        if (access === 'write') {
          throw new StoreError('unknown', 'the reply to a write was lost; it may have been applied or not');
        }
        if (attempts === 1 && performance.now() < deadline) return;
        throw new StoreError('unavailable', 'the store does not answer');
      case 'denied':
        // Where only a permission is missing, what else is in flight on the connection goes well.
        if (replyCode(error) === 'NOAUTH') this.#drop(connection);
        throw new StoreError('unavailable', 'the store refuses the credentials of the data plane');
      case 'read-only':
        throw new StoreError('unavailable', 'the store takes no writes now, for example because its disk is full');
      case 'full':
        throw new StoreError('full', 'the store has no memory left; delete keys or raise its spec.memory');
      case 'wrong-type':
        throw new StoreError('wrong-type', 'the key holds another type of Redis data, which was not written here');
      case 'other':
        throw new StoreError('failed', 'the store answered unexpectedly');
    }
  }

  /** A connection that has just closed is still known here for a moment. */
  #usable(): Connection | undefined {
    return this.#connection?.status === 'ready' ? this.#connection : undefined;
  }

  async #ready(deadline: number): Promise<Connection> {
    const usable = this.#usable();
    if (usable) return usable;
    if (this.#waiting >= this.#limits.waiting) throw restarting();
    this.#waiting++;
    try {
      for (;;) {
        const made = this.#usable();
        if (made) return made;
        if (this.#closed || performance.now() >= deadline) throw restarting();
        this.#connecting ??= this.#attempt().finally(() => {
          this.#connecting = undefined;
        });
        await within(this.#connecting, deadline - performance.now());
      }
    } finally {
      this.#waiting--;
    }
  }

  /** One attempt, after the pause that earlier failures ask for. It never rejects; `#connection` tells the outcome. */
  async #attempt(): Promise<void> {
    await sleep(Math.max(0, this.#nextAttemptAt - performance.now()));
    if (this.#closed) return;
    const connection = this.#connect();
    let cause: unknown;
    connection.on('error', (error) => {
      cause ??= error;
    });
    try {
      await connection.connect();
      if (this.#closed) return connection.disconnect();
      this.#connection = connection;
      this.#failures = 0;
      this.#lastFailure = undefined;
      this.#report({ event: 'connected' });
    } catch (error) {
      connection.disconnect();
      this.#failures++;
      const pause = Math.min(CONNECT_BACKOFF_MS.first * 2 ** (this.#failures - 1), CONNECT_BACKOFF_MS.most);
      this.#nextAttemptAt = performance.now() + pause;
      const code = connectFailureCode(cause ?? error);
      // Once per cause: a store that stays away would otherwise fill the log.
      if (code !== this.#lastFailure) this.#report({ event: 'connect-failed', code });
      this.#lastFailure = code;
    }
  }

  #drop(connection: Connection): void {
    if (this.#connection === connection) this.#connection = undefined;
    connection.disconnect();
  }
}

function restarting(): StoreError {
  return new StoreError('unavailable', 'the store takes no commands now; it may be starting');
}

/** Waits for a promise that never rejects, `ms` at most. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  const timer = new AbortController();
  await Promise.race([promise, sleep(ms, undefined, { signal: timer.signal }).catch(() => {})]);
  timer.abort();
}
