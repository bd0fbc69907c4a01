import { lookup } from 'node:dns/promises';
import { MASTER_NAME, SENTINEL_PORT } from '../../../contract/names.ts';
import type { Endpoint } from '../port.ts';
import { bytesOf, elementsOf } from '../replies.ts';
import type { Connection } from '../resp/connection.ts';
import type { Reply } from '../resp/reply.ts';

/**
 * What one Sentinel says: where the primary is, and since which configuration, counted up by failovers. The one that leads
 * a failover counts up first, and goes on naming the old primary until the replicas follow the new one.
 */
export interface Named extends Endpoint {
  epoch: number;
  failingOver: boolean;
}

/**
 * What of the Sentinels' answers holds: the newest configuration that a majority of them knows of, or where fewer answer
 * the newest that was ever heard of, `last` included. Undefined where there is none.
 */
export function newest(answers: readonly Named[], sentinels: number, last?: Named): Named | undefined {
  const isSettled = answers.length * 2 > sentinels && !answers.some(({ failingOver }) => failingOver);
  const heard = last && !isSettled ? [last, ...answers] : answers;
  return heard.reduce<Named | undefined>((best, each) => (best && !isNewer(each, best) ? best : each), undefined);
}

function isNewer(a: Named, b: Named): boolean {
  return a.epoch === b.epoch ? b.failingOver && !a.failingOver : a.epoch > b.epoch;
}

/** For so long, in ms, there is doubt about the primary after a Sentinel has found it down, or begun to replace it. */
const DOUBT_MS = 3_000;

/** The Sentinels of a store's members. Connections to them are made when they are asked, and kept until `close`. */
export class Sentinels {
  readonly #members: readonly Endpoint[];
  readonly #connect: (sentinel: Endpoint) => Connection;
  readonly #connections: (Promise<Connection> | undefined)[] = [];
  /** Ordinals of members by the address that their name has. */
  #ordinals = new Map<string, number>();
  #last: Named | undefined;
  #doubtedAt = Number.NEGATIVE_INFINITY;

  /** `connect` gives a new connection that is not made yet. */
  constructor(members: readonly Endpoint[], connect: (sentinel: Endpoint) => Connection) {
    this.#members = members;
    this.#connect = connect;
  }

  /**
   * The ordinal of the member that is the primary. Rejects where no Sentinel says so, and where they name a Redis that is
   * no member: whoever can write to a Sentinel must not lead the data plane anywhere else.
   */
  async primary(): Promise<number> {
    const named = newest(await this.#answers(), this.#members.length, this.#last);
    if (!named) throw failure('ENOSENTINEL', 'no Sentinel of the store names a primary');
    const ordinal = await this.#ordinalOf(named);
    if (ordinal === undefined)
      throw failure('ENOMEMBER', 'the Sentinels name a primary that is no member of the store');
    this.#last = named;
    return ordinal;
  }

  /** Whether a Sentinel that was asked has found the primary down, or begun to replace it, not long ago. */
  get inDoubt(): boolean {
    return performance.now() - this.#doubtedAt < DOUBT_MS;
  }

  close(): void {
    for (const made of this.#connections.splice(0)) made?.then((connection) => connection.close()).catch(() => {});
  }

  /** The answers that are there once more than half have answered, or once no more are to come. */
  #answers(): Promise<readonly Named[]> {
    const answers: Named[] = [];
    let settled = 0;
    return new Promise((resolve) => {
      const settle = () => {
        if (++settled === this.#members.length || answers.length * 2 > this.#members.length) resolve(answers);
      };
      for (let i = 0; i < this.#members.length; i++) {
        this.#ask(i)
          .then((answer) => answers.push(answer))
          .then(settle, settle);
      }
    });
  }

  async #ask(ordinal: number): Promise<Named> {
    this.#connections[ordinal] ??= this.#open(ordinal);
    const made = this.#connections[ordinal];
    try {
      const { isDown, ...named } = readNamed(await (await made).send(['SENTINEL', 'MASTER', MASTER_NAME]));
      if (isDown || named.failingOver) this.#doubtedAt = performance.now();
      return named;
    } catch (error) {
      if (this.#connections[ordinal] === made) this.#connections[ordinal] = undefined;
      made.then((connection) => connection.close()).catch(() => {});
      throw error;
    }
  }

  async #open(ordinal: number): Promise<Connection> {
    const { host } = this.#members[ordinal] as Endpoint;
    const connection = this.#connect({ host, port: SENTINEL_PORT });
    await connection.connect();
    return connection;
  }

  async #ordinalOf({ host, port }: Endpoint): Promise<number | undefined> {
    if (!this.#ordinals.has(host)) this.#ordinals = await resolveUntil(host, this.#members);
    const ordinal = this.#ordinals.get(host);
    return ordinal !== undefined && this.#members[ordinal]?.port === port ? ordinal : undefined;
  }
}

/** Ordinals by address, as soon as `wanted` is among them: the name of another member may hang, or not be there. */
async function resolveUntil(wanted: string, members: readonly Endpoint[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const lookups = members.map(async ({ host }, ordinal) => {
    for (const { address } of await lookup(host, { all: true })) found.set(address, ordinal);
    if (!found.has(wanted)) throw new Error(`${host} is not at ${wanted}`);
  });
  await Promise.any(lookups).catch(() => {});
  return found;
}

/** The answer to SENTINEL MASTER, a map (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/). */
function readNamed(reply: Reply | undefined): Named & { isDown: boolean } {
  const words = elementsOf(reply).map((word) => String(bytesOf(word)));
  const wordAfter = (name: string) => words[words.indexOf(name) + 1] ?? '';
  const named = {
    host: wordAfter('ip'),
    port: Number(wordAfter('port')),
    epoch: Number(wordAfter('config-epoch')),
    failingOver: wordAfter('flags').includes('failover_in_progress'),
    isDown: wordAfter('flags').includes('_down'),
  };
  if (!Number.isInteger(named.port) || !Number.isInteger(named.epoch)) {
    throw new Error('a Sentinel answered with something else than a primary');
  }
  return named;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
