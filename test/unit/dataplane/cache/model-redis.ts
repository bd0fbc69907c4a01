import type { Reply } from '../../../../dataplane/store/resp/reply.ts';

/** What a key was from a step of the server on; every value is written once only. */
export interface State {
  step: number;
  /** Milliseconds on the client's clock. */
  at: number;
  value: number | null;
  /** Milliseconds on the server's clock. */
  expiresAt: number | null;
}

export type Command =
  | { name: 'GET' | 'PEXPIRETIME' | 'PTTL' | 'UNLINK'; key: string }
  | { name: 'SET'; key: string; value: number; ttlMs: number | undefined }
  | { name: 'PING' };

/** What the server says over the connection that it tracks, and at which of its steps. */
export type Said = { step: number } & ({ push: readonly Reply[] } | { reply: Reply });

/** The server's clock is ahead of the client's by so much. */
const AHEAD_MS = 1_000_000;

/** One Redis with client tracking in its default mode, for one connection; it remembers everything that it ever was. */
export class ModelRedis {
  readonly #now: () => number;
  readonly #keys = new Map<string, State[]>();
  readonly #tracks = new Set<string>();
  said: Said[] = [];
  step = 0;
  #version = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds since 1970, as the server has it. */
  get clock(): number {
    return this.#now() + AHEAD_MS;
  }

  nextVersion(): number {
    return ++this.#version;
  }

  history(key: string): State[] {
    const states = this.#keys.get(key) ?? [{ step: 0, at: 0, value: null, expiresAt: null }];
    this.#keys.set(key, states);
    return states;
  }

  /** Forgets the connection. */
  disconnect(): void {
    this.#tracks.clear();
    this.said = [];
  }

  /** Runs a command of the connection; what it changes itself the connection is told after the reply. */
  run(command: Command): void {
    const pushes: Said[] = [];
    const reply = this.#reply(command, pushes);
    this.said.push({ step: this.step, reply }, ...pushes);
  }

  /** Somebody else sets or deletes a key, or lets it expire. */
  change(key: string, value: number | null, ttlMs?: number): void {
    this.#become(key, value, ttlMs, this.said);
  }

  /** Removes a key whose time is over, as Redis does now and then. */
  expire(key: string): void {
    this.#live(key, this.said);
  }

  flushAll(): void {
    for (const key of this.#keys.keys()) this.#tracks.delete(key);
    for (const key of this.#keys.keys()) this.#become(key, null, undefined, this.said);
    this.#tracks.clear();
    this.said.push({ step: this.step, push: [Buffer.from('invalidate'), null] });
  }

  /** The value that is there now. */
  value(key: string): number | null {
    return this.#live(key, this.said).value;
  }

  #reply(command: Command, pushes: Said[]): Reply {
    if (command.name === 'PING') return 'PONG';
    const { key } = command;
    if (command.name === 'SET') {
      this.#become(key, command.value, command.ttlMs, pushes);
      return 'OK';
    }
    const { value, expiresAt } = this.#live(key, pushes);
    if (command.name === 'UNLINK') {
      if (value !== null) this.#become(key, null, undefined, pushes);
      return value === null ? 0 : 1;
    }
    this.#tracks.add(key);
    if (command.name === 'GET') return value === null ? null : Buffer.from(String(value));
    if (value === null) return -2;
    if (expiresAt === null) return -1;
    return command.name === 'PTTL' ? expiresAt - this.clock : expiresAt;
  }

  #live(key: string, pushes: Said[]): State {
    const state = this.history(key).at(-1) as State;
    if (state.expiresAt === null || this.clock < state.expiresAt) return state;
    return this.#become(key, null, undefined, pushes);
  }

  #become(key: string, value: number | null, ttlMs: number | undefined, pushes: Said[]): State {
    const expiresAt = ttlMs === undefined ? null : this.clock + ttlMs;
    const state = { step: ++this.step, at: this.#now(), value, expiresAt };
    this.history(key).push(state);
    if (this.#tracks.delete(key)) {
      pushes.push({ step: this.step, push: [Buffer.from('invalidate'), [Buffer.from(key)]] });
    }
    return state;
  }
}
