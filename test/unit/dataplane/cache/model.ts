import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { Room } from '../../../../dataplane/cache/room.ts';
import { Shelf } from '../../../../dataplane/cache/shelf.ts';
import { createCachedStore } from '../../../../dataplane/cache/store.ts';
import { Tracked } from '../../../../dataplane/cache/tracked.ts';
import type { Entry, Store } from '../../../../dataplane/store/port.ts';
import type { RedisStore } from '../../../../dataplane/store/redis.ts';
import type { Reply } from '../../../../dataplane/store/resp/reply.ts';
import { type Command, ModelRedis } from './model-redis.ts';

const VOUCH_MS = 100;

/** Commands that travel together. */
interface Exchange {
  commands: readonly Command[];
  replies: Reply[];
  done: (replies: readonly Reply[]) => void;
  /** Absent for reads: they are sent again over the next connection. */
  failed?: (error: Error) => void;
}

/** A cached store whose every message is under the test's control, beside somebody who writes to the same Redis. */
export class Model {
  #now = 0;
  readonly #redis = new ModelRedis(() => this.#now);
  readonly #tracked: Tracked;
  readonly #store: Store;
  #connected = true;
  /** Commands that the server has not run. */
  #sent: Command[] = [];
  #inFlight: Exchange[] = [];
  #waiting: Exchange[] = [];
  /** Writes that Redis refused for the moment, to be sent again. */
  #held: Exchange[] = [];
  #holding = false;
  /** The step of the server at which it said what the client heard last. */
  #heard = 0;
  /** The step at which the last own write ran whose end the client has learnt. */
  readonly #own = new Map<string, number>();
  /** How often memory answered. */
  hits = 0;

  constructor() {
    const counts = { hits: 0, misses: 0, invalidations: 0 };
    this.#tracked = new Tracked(new Shelf(new Room(2 ** 20)), counts, VOUCH_MS, () => this.#now);
    this.#store = createCachedStore(this.#overTheWire(), this.#tracked);
    this.#tracked.opened();
  }

  /** A client reads; what memory says is held against what the server was. */
  async get(key: string): Promise<void> {
    if (this.recall(key) === undefined) void this.#store.get(key);
    await turn();
  }

  /** What memory says of a key. */
  recall(key: string): Entry | null | undefined {
    const known = this.#store.recall?.(key);
    if (known !== undefined) this.#check(key, known);
    return known;
  }

  /** A client writes; where `held`, only `release` sends it. */
  async write(key: string, ttlMs?: number, held = false): Promise<void> {
    this.#holding = held;
    const value = this.#redis.nextVersion();
    const options = ttlMs === undefined ? {} : { expiry: { milliseconds: ttlMs } };
    this.#store.set(key, Buffer.from(String(value)), options).then(
      () => {
        const ran = this.#redis.history(key).find((state) => state.value === value)?.step ?? 0;
        this.#own.set(key, Math.max(ran, this.#own.get(key) ?? 0));
      },
      () => {},
    );
    await turn();
  }

  foreign(key: string, what: 'set' | 'set to expire' | 'delete' | 'expire' | 'flush all'): void {
    if (what === 'flush all') this.#redis.flushAll();
    else if (what === 'expire') this.#redis.expire(key);
    else if (what === 'delete') this.#redis.change(key, null);
    else this.#redis.change(key, this.#redis.nextVersion(), what === 'set' ? undefined : 20);
  }

  release(): void {
    for (const exchange of this.#held.splice(0)) this.#send(exchange);
  }

  /** The server runs so many commands. */
  serve(count = 100): void {
    for (const command of this.#sent.splice(0, count)) this.#redis.run(command);
  }

  /** So many messages arrive in one read. */
  async arrive(count = 100): Promise<void> {
    for (const said of this.#redis.said.splice(0, count)) {
      this.#heard = said.step;
      if ('push' in said) this.#tracked.push(said.push);
      else this.#receive(said.reply);
    }
    await turn();
  }

  /** The connection breaks; the server still runs so many commands of those that it was sent. */
  async cut(count: number): Promise<void> {
    if (!this.#connected) return;
    this.serve(count);
    this.#redis.disconnect();
    this.#sent = [];
    this.#connected = false;
    this.#tracked.closed();
    for (const exchange of this.#inFlight.splice(0)) {
      if (exchange.failed) exchange.failed(new Error('lost'));
      else this.#waiting.push({ ...exchange, replies: [] });
    }
    await turn();
  }

  connect(): void {
    if (this.#connected) return;
    this.#connected = true;
    this.#heard = this.#redis.step;
    this.#tracked.opened();
    for (const exchange of this.#waiting.splice(0)) this.#send(exchange);
  }

  wait(ms: number): void {
    this.#now += ms;
  }

  #check(key: string, known: Entry | null): void {
    this.hits++;
    const value = known === null ? null : Number(known.value);
    const expiresAt = known?.expiresAt ?? null;
    const states = this.#redis.history(key);
    const at = states.findLastIndex((state) => state.value === value && state.expiresAt === expiresAt);
    const [state, next] = states.slice(at);
    const told = `${key} is given as ${value}, after ${JSON.stringify(states)}`;
    assert.ok(at >= 0 && state, `it was never that: ${told}`);
    assert.ok(this.#connected, `there is no connection: ${told}`);
    if (state.expiresAt !== null) assert.ok(this.#redis.clock < state.expiresAt, `it has expired: ${told}`);
    if (!next) return;
    assert.ok(next.step > this.#heard, `the client has heard of a later one: ${told}`);
    assert.ok(this.#now - next.at < VOUCH_MS, `it was replaced long ago: ${told}`);
    assert.ok(next.step > (this.#own.get(key) ?? 0), `it is older than what the client wrote: ${told}`);
  }

  #receive(reply: Reply): void {
    const [exchange] = this.#inFlight;
    if (!exchange) throw new Error('a reply to nothing');
    exchange.replies.push(reply);
    if (exchange.replies.length < exchange.commands.length) return;
    this.#inFlight.shift();
    exchange.done(exchange.replies);
  }

  #send(exchange: Exchange): void {
    if (!this.#connected) {
      this.#waiting.push(exchange);
      return;
    }
    this.#sent.push(...exchange.commands);
    this.#inFlight.push(exchange);
  }

  #overTheWire(): RedisStore {
    const ask = (commands: Command[]) =>
      new Promise<readonly Reply[]>((done) => this.#send({ commands, replies: [], done }));
    const partial: Partial<RedisStore> = {
      ping: () => ask([{ name: 'PING' }]),
      get: async (key) =>
        entryOf(
          await ask([
            { name: 'GET', key },
            { name: 'PEXPIRETIME', key },
          ]),
        ),
      read: (key, told) =>
        new Promise((resolve) => {
          const commands: Command[] = [
            { name: 'GET', key },
            { name: 'PEXPIRETIME', key },
            { name: 'PTTL', key },
          ];
          const done = (replies: readonly Reply[]) => {
            const entry = entryOf(replies);
            told(entry, Number(replies[2]));
            resolve(entry);
          };
          this.#send({ commands, replies: [], done });
        }),
      set: (key, value, { expiry } = {}) =>
        new Promise((resolve, failed) => {
          const ttlMs = expiry && 'milliseconds' in expiry ? expiry.milliseconds : undefined;
          const commands: Command[] = [{ name: 'SET', key, value: Number(value), ttlMs }];
          const exchange = { commands, replies: [], done: () => resolve({ expiresAt: null }), failed };
          if (this.#holding) this.#held.push(exchange);
          else this.#send(exchange);
        }),
    };
    return partial as RedisStore;
  }
}

/** As a store reads it. */
function entryOf([value, expiresAt]: readonly Reply[]): Entry | null {
  if (!Buffer.isBuffer(value) || expiresAt === -2) return null;
  return { value, expiresAt: expiresAt === -1 ? null : Number(expiresAt) };
}
