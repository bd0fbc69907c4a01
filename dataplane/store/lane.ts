import { setTimeout as sleep } from 'node:timers/promises';
import { attempt, exchange, type Failed, type Request } from './exchange.ts';
import { StoreError } from './port.ts';
import { connectFailureCode, failureOf, isRejoining, type RedisFailure, refusal, replyCode } from './redis-errors.ts';
import type { Connection } from './resp/connection.ts';
import { ReplyError } from './resp/reply.ts';
import { WriteGate } from './write-gate.ts';

/** Bounds on one store's use, so that one tenant's dead Redis costs the others nothing. */
export interface LaneLimits {
  /** How long in ms a request waits for a Redis that does not take commands. */
  waitMs: number;
  /** Requests at the same time, waiting ones included. */
  inFlight: number;
  /** Requests that wait at the same time for a connection. */
  waiting: number;
  /** The same for a Redis that is known to be restarted on purpose; as otherwise where absent. */
  restart?: { waitMs: number; waiting: number };
}

/** Something that operators of Cubby want to see; `code` is a word of Redis or of the system, never user text. */
export type LaneEvent =
  | { event: 'connected' }
  | { event: 'connect-failed'; code: string }
  | { event: 'command-failed'; failure: RedisFailure; code: string };

const CONNECT_BACKOFF_MS = { first: 10, most: 500, mostInRestart: 50 };
const REFUSED_PAUSE_MS = 50;
/** How often a Redis that is loading its data is asked whether it has. */
const LOADING_PAUSE_MS = 100;
/** So much longer a write waits for a shard that has started, and does not take any for two seconds of its own. */
const REJOIN_MS = 2500;

/** The way to one store: at most one connection, made when it is first needed and again when it is lost. */
export class Lane {
  readonly #open: () => Promise<Connection>;
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
  readonly #writes: WriteGate;
  /** Whether the Redis is being restarted on purpose, so that it is worth waiting for. */
  restarting = false;

  /**
   * `open` makes a new connection, or rejects with what prevented it; `keyOf` names a key, there or not, that belongs to
   * this Redis.
   */
  constructor(
    open: () => Promise<Connection>,
    limits: LaneLimits,
    report: (event: LaneEvent) => void,
    keyOf: () => string = () => 'probe',
  ) {
    this.#writes = new WriteGate(keyOf);
    this.#open = open;
    this.#limits = limits;
    this.#report = report;
  }

  /** For how long in ms nothing has been asked; 0 while something is in flight. */
  idleMs(now: number): number {
    return this.#inFlight > 0 ? 0 : now - this.#lastUsed;
  }

  /** Counts as asked of: somebody is about to ask. */
  touch(): void {
    this.#lastUsed = performance.now();
  }

  /** Whether a connection is up. */
  get connected(): boolean {
    return this.#usable() !== undefined;
  }

  /** How long in ms a request waits now for a Redis that does not take commands. */
  get waitMs(): number {
    return this.#bounds.waitMs;
  }

  /**
   * Sends a request, and again only where the first time certainly had no effect or where it is a read. Rejects with a
   * StoreError. Costs a promise and no timer while all is well: this is the way of every request to a store. `since` is when
   * it began to wait, by performance.now().
   */
  request<T>(request: Request<T>, since: number = performance.now()): Promise<T> {
    if (this.#inFlight >= this.#limits.inFlight) {
      return Promise.reject(new StoreError('unavailable', 'the store has too many requests'));
    }
    this.#inFlight++;
    this.#lastUsed = since;
    const connection = this.#usable();
    if (!connection || (this.#writes.opens && request.access === 'write')) return this.#persist(request, since);
    return new Promise((resolve) => {
      const finish = (result: T) => {
        this.#inFlight--;
        resolve(result);
      };
      exchange(connection, request, finish, (failed) => resolve(this.#persist(request, since, failed)));
    });
  }

  /** Tells whoever watches of an error reply that did not fail a whole request, and gives what the client gets to know. */
  refused(error: unknown): StoreError {
    const failure = failureOf(error);
    this.#report({ event: 'command-failed', failure, code: replyCode(error) ?? failure });
    return refusal(failure);
  }

  /** Takes no new requests and closes the connection; what is in flight then is lost. */
  close(): void {
    this.#closed = true;
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Tries again until there is a result or the request must not wait longer; `failed` is the first attempt. */
  async #persist<T>(request: Request<T>, since: number, failed?: Failed): Promise<T> {
    const deadline = since + this.#bounds.waitMs;
    let last = failed;
    try {
      for (let attempts = failed ? 1 : 0; ; attempts++) {
        if (last) {
          const known = await this.#settle(last, request, attempts, deadline);
          if (known) return known.result;
        }
        if (request.access === 'write') await this.#writable(request, deadline);
        const connection = await this.#ready(deadline);
        const outcome = await attempt(connection, request);
        if ('result' in outcome) return outcome.result;
        last = outcome;
      }
    } finally {
      this.#inFlight--;
    }
  }

  /**
   * Returns undefined where the request may be sent again, and otherwise what is known of its result or throws what the
   * client gets to know.
   */
  async #settle<T>(
    { connection, error, replies }: Failed,
    request: Request<T>,
    attempts: number,
    deadline: number,
  ): Promise<{ result: T } | undefined> {
    const failure = failureOf(error);
    if (failure !== 'unsent') {
      this.#report({ event: 'command-failed', failure, code: replyCode(error) ?? failure });
    }
    switch (failure) {
      case 'unsent':
        this.#drop(connection);
        if (performance.now() < deadline) return undefined;
        throw refusal('refused');
      case 'refused':
      case 'lone':
      case 'demoted': {
        if (failure === 'demoted') this.#leave(connection);
        const end = isRejoining(error) ? deadline + REJOIN_MS : deadline;
        if (performance.now() + REFUSED_PAUSE_MS < end) {
          if (failure === 'lone')
            this.#writes.close(connection, () => !this.#closed && this.#connection === connection);
          else await sleep(REFUSED_PAUSE_MS);
          return undefined;
        }
        const hasReads = replies.some((reply) => !(reply instanceof ReplyError));
        const known = hasReads ? request.partial?.(replies) : undefined;
        if (known) return known;
        break;
      }
      case 'lost': {
        // Also after a time-out: a reply that is so late means a Redis that hangs or a route that is gone.
        this.#drop(connection);
        const known = request.partial?.(replies);
        if (known) return known;
        if (request.access === 'write') {
          throw new StoreError('unknown', 'the reply to a write was lost; it may have been applied or not');
        }
        if (attempts === 1 && performance.now() < deadline) return undefined;
        break;
      }
      case 'denied':
        // Where only a permission is missing, what else is in flight on the connection goes well.
        if (replyCode(error) === 'NOAUTH') this.#drop(connection);
        break;
    }
    throw refusal(failure);
  }

  /** Waits while writes are held back. What has reads in it is sent in the end, because those have replies. */
  async #writable({ partial }: Request<unknown>, deadline: number): Promise<void> {
    if (this.#writes.opens) await within(this.#writes.opens, deadline - performance.now());
    if (this.#writes.opens && !partial) throw refusal('lone');
  }

  get #bounds(): { waitMs: number; waiting: number } {
    return (this.restarting && this.#limits.restart) || this.#limits;
  }

  /** A connection that has just closed is still known here for a moment. */
  #usable(): Connection | undefined {
    return this.#connection?.ready ? this.#connection : undefined;
  }

  async #ready(deadline: number): Promise<Connection> {
    const usable = this.#usable();
    if (usable) return usable;
    if (this.#waiting >= this.#bounds.waiting) throw refusal('refused');
    this.#waiting++;
    try {
      for (;;) {
        const made = this.#usable();
        if (made) return made;
        if (this.#closed || performance.now() >= deadline) throw refusal('refused');
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
    let connection: Connection | undefined;
    try {
      connection = await this.#open();
      await this.#loaded(connection);
      if (this.#closed) return connection.close();
      this.#connection = connection;
      this.#failures = 0;
      this.#lastFailure = undefined;
      this.#report({ event: 'connected' });
    } catch (error) {
      connection?.close();
      this.#failures++;
      const most = this.restarting ? CONNECT_BACKOFF_MS.mostInRestart : CONNECT_BACKOFF_MS.most;
      const pause = Math.min(CONNECT_BACKOFF_MS.first * 2 ** (this.#failures - 1), most);
      this.#nextAttemptAt = performance.now() + pause;
      const code = connectFailureCode(error);
      // Once per cause: a store that stays away would otherwise fill the log.
      if (code !== this.#lastFailure) this.#report({ event: 'connect-failed', code });
      this.#lastFailure = code;
    }
  }

  /** Waits until Redis has loaded its data, as long as a request waits with it. Rejects when the connection is lost. */
  async #loaded(connection: Connection): Promise<void> {
    while (!this.#closed) {
      try {
        await connection.send(['PING']);
        return;
      } catch (error) {
        const failure = failureOf(error);
        if (failure === 'lost' || failure === 'unsent' || (failure === 'refused' && this.#waiting === 0)) throw error;
        // What else Redis has against a command, it says to the request that asks for it.
        if (failure !== 'refused') return;
      }
      await sleep(LOADING_PAUSE_MS);
    }
  }

  /** Asks nothing more of a connection; what is in flight on it keeps its replies. */
  #leave(connection: Connection): void {
    if (this.#connection === connection) this.#connection = undefined;
    connection.finish();
  }

  #drop(connection: Connection): void {
    if (this.#connection === connection) this.#connection = undefined;
    connection.close();
  }
}

/** Waits for a promise that never rejects, `ms` at most. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  const timer = new AbortController();
  await Promise.race([promise, sleep(ms, undefined, { signal: timer.signal }).catch(() => {})]);
  timer.abort();
}
