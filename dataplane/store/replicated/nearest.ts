import { bytesOf, elementsOf, integerOf } from '../replies.ts';
import type { Reply } from '../resp/reply.ts';

/** How often members are measured while they are of use, and for how long that counts. */
const MEASURE_MS = 1000;
const VALID_MS = 3 * MEASURE_MS;
/** Another member takes over when it answers in this part of the time: the difference of two that are alike is chance. */
const BETTER = 0.8;
/** The weight of the last measurement. */
const WEIGHT = 0.3;

/** What a member says of itself in answer to ROLE. */
export interface Role {
  isPrimary: boolean;
  /** How much of the primary's writes it has, by Redis' replication offset; NaN for a replica without a link to it. */
  offset: number;
}

/** Asks a member for its role. Rejects where it does not answer. */
export type AskRole = (ordinal: number) => Promise<Role>;

/**
 * Which member answers soonest, measured now and then. A replica counts only where it has all that the primary had at
 * the measurement before, so that it lags by no more than the time between two, and until one that fails.
 */
export class Nearest {
  readonly #ask: AskRole;
  readonly #now: () => number;
  readonly #ms: (number | undefined)[] = [];
  readonly #members: number;
  #chosen: number | undefined;
  #measuredAt = Number.NEGATIVE_INFINITY;
  /** What the primary had at the last measurement, and which member that was. */
  #before: { primary: number; offset: number } | undefined;
  #measuring = false;

  /** `now` is in ms and monotonic. */
  constructor(members: number, ask: AskRole, now: () => number) {
    this.#members = members;
    this.#ask = ask;
    this.#now = now;
  }

  /** The ordinal of the member to read from; undefined where that is not known, so that the primary is to be asked. */
  choose(): number | undefined {
    const now = this.#now();
    if (now - this.#measuredAt >= MEASURE_MS && !this.#measuring) {
      this.#measuring = true;
      void this.measure().finally(() => {
        this.#measuring = false;
      });
    }
    return now - this.#measuredAt < VALID_MS ? this.#chosen : undefined;
  }

  /** A member has failed: it is not chosen before it is measured again. */
  forget(ordinal: number): void {
    this.#ms[ordinal] = undefined;
    if (this.#chosen === ordinal) this.#chosen = undefined;
  }

  /** Asks every member once. Never rejects. */
  async measure(): Promise<void> {
    const answers = await Promise.all(Array.from({ length: this.#members }, (_, i) => this.#time(i)));
    const primaries = answers.flatMap((answer, ordinal) => (answer?.role.isPrimary ? [{ ordinal, ...answer }] : []));
    const before = this.#before;
    // Two for a moment after a failover: neither is a measure of the other's replicas.
    const [primary] = primaries.length === 1 ? primaries : [];
    this.#before = primary && { primary: primary.ordinal, offset: primary.role.offset };
    answers.forEach((answer, ordinal) => {
      const isCurrent =
        primary?.ordinal === before?.primary && (answer?.role.offset ?? Number.NaN) >= (before?.offset ?? Number.NaN);
      if (!answer || !(isCurrent || primary?.ordinal === ordinal)) this.#ms[ordinal] = undefined;
      else this.#ms[ordinal] = smooth(this.#ms[ordinal], answer.ms);
    });
    this.#chosen = soonest(this.#ms, this.#chosen);
    this.#measuredAt = this.#now();
  }

  async #time(ordinal: number): Promise<{ role: Role; ms: number } | undefined> {
    const began = this.#now();
    try {
      const role = await this.#ask(ordinal);
      return { role, ms: this.#now() - began };
    } catch {
      return undefined;
    }
  }
}

function smooth(before: number | undefined, ms: number): number {
  return before === undefined ? ms : before + (ms - before) * WEIGHT;
}

function soonest(times: readonly (number | undefined)[], chosen: number | undefined): number | undefined {
  let best: number | undefined;
  times.forEach((ms, ordinal) => {
    if (ms !== undefined && (best === undefined || ms < (times[best] as number))) best = ordinal;
  });
  const known = chosen === undefined ? undefined : times[chosen];
  if (known === undefined || best === undefined) return best;
  return (times[best] as number) < known * BETTER ? best : chosen;
}

/** The answer to ROLE (https://redis.io/docs/latest/commands/role/). Throws where it is that of no member. */
export function readRole(reply: Reply | undefined): Role {
  const [role, ...rest] = elementsOf(reply);
  const word = String(bytesOf(role));
  if (word === 'master') return { isPrimary: true, offset: integerOf(rest[0]) };
  if (word !== 'slave') throw new Error('Redis answered ROLE with something else than a role');
  const [, , link, offset] = rest;
  return { isPrimary: false, offset: String(bytesOf(link)) === 'connected' ? integerOf(offset) : Number.NaN };
}
