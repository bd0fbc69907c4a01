import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Way } from '../exchange.ts';
import type { Lane } from '../lane.ts';
import { type Endpoint, StoreError } from '../port.ts';
import { failureOf, refusal } from '../redis-errors.ts';
import { one } from '../replies.ts';
import { asking } from './asking.ts';
import { type Redirect, Redirected, redirectOf } from './redirect.ts';
import { slotOf } from './slot.ts';
import { ordinalOf, SlotMap } from './slot-map.ts';

/** What a request came to at one member: its result, or where it is to go. */
type Outcome<T> = { result: T } | { redirect: Redirect };

/** So many redirects are followed without a pause; more mean that the members do not agree yet. */
const HASTY_HOPS = 4;
const PAUSE_MS = 50;
/** At most so often the members are asked who has which slots. */
const REFRESH_MS = 1000;

/** Opens the lane to a member; `keyOf` names a key, there or not, whose slot it has. */
type OpenLane = (member: Endpoint, keyOf: () => string) => Lane;

/** Finds the member that has a key, and follows keys to where they go. */
export class Router {
  readonly #openLane: OpenLane;
  readonly #waitMs: number;
  readonly #lanes: Lane[] = [];
  readonly #slots = new SlotMap();
  #members: readonly Endpoint[];
  #refreshing: Promise<void> | undefined;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  /** `waitMs` is how long redirects are followed, in ms. */
  constructor(members: readonly Endpoint[], openLane: OpenLane, waitMs: number) {
    this.#members = members;
    this.#openLane = openLane;
    this.#waitMs = waitMs;
  }

  /** How many members there are. */
  get size(): number {
    return this.#members.length;
  }

  /** Whether all of these are members. */
  knows(nodes: readonly Endpoint[]): boolean {
    return nodes.every((node) => ordinalOf(this.#members, node) !== undefined);
  }

  /** The lanes that were opened. */
  get lanes(): readonly Lane[] {
    return this.#lanes.filter((lane) => lane !== undefined);
  }

  /** Counts as asked of: somebody is about to ask. */
  touch(): void {
    this.#lane(0).touch();
  }

  /** Takes members that have joined; those before them stay what they were. */
  grow(members: readonly Endpoint[]): void {
    this.#members = members;
  }

  /** The ordinal of the member that has the key, as far as is known. Rejects with a StoreError where no member answers. */
  memberOf(key: string): number | Promise<number> {
    const slot = slotOf(key);
    return this.#slots.owner(slot) ?? this.#learn(slot);
  }

  /** The way to a member, from which redirects are followed; `asked` for keys of a slot that it takes over. */
  way(member: number, asked = false): Way {
    const lane = () => this.#lane(member);
    return {
      request: async <T>(request: Request<T>) => {
        const since = performance.now();
        const outcome = await this.#send(member, asked, request);
        if ('result' in outcome) return outcome.result;
        return this.follow(outcome.redirect, member, since, (at, ask) => this.#send(at, ask, request));
      },
      refused(error) {
        const redirect = redirectOf(error);
        return redirect || failureOf(error) === 'refused' ? new Redirected(redirect) : lane().refused(error);
      },
    };
  }

  /** The way to a member for what is asked of it itself. */
  straight(member: number): Way {
    return this.#lane(member);
  }

  /** Goes where `redirect` of the member `from` says, and on from there, until there is a result or it takes too long. */
  async follow<T>(
    redirect: Redirect,
    from: number,
    since: number,
    send: (member: number, asked: boolean) => Promise<Outcome<T>>,
  ): Promise<T> {
    let [at, next] = [from, redirect];
    for (let hops = 1; ; hops++) {
      const { kind, slot, to } = next;
      // One that has just joined is not known yet; whoever names it is asked again until it is.
      const target = ordinalOf(this.#members, to);
      if (target === undefined || hops > HASTY_HOPS) {
        if (performance.now() - since >= this.#waitMs) throw refusal('refused');
        await sleep(PAUSE_MS);
      }
      if (target !== undefined) {
        if (kind === 'moved') {
          this.#slots.set(slot, target);
          this.#refreshLater();
        }
        at = target;
      }
      const outcome = await send(at, kind === 'ask' && target !== undefined);
      if ('result' in outcome) return outcome.result;
      next = outcome.redirect;
    }
  }

  /** Asks soon who has which slots: something told that what is known is not so any more. */
  #refreshLater(): void {
    if (this.#refreshing || performance.now() - this.#refreshedAt < REFRESH_MS) return;
    this.#refresh().catch(() => {}); // nobody waits for it
  }

  async #learn(slot: number): Promise<number> {
    await this.#refresh();
    // A slot that nobody has: whoever is asked says so.
    return this.#slots.owner(slot) ?? slot % this.size;
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#askSlots().finally(() => {
      this.#refreshing = undefined;
      this.#refreshedAt = performance.now();
    });
    return this.#refreshing;
  }

  /** Asks those that are connected, or else all: some may be down. */
  async #askSlots(): Promise<void> {
    const connected = this.#lanes.filter((lane) => lane?.connected);
    const lanes = connected.length > 0 ? connected : this.#members.map((_, member) => this.#lane(member));
    const slots = one('read', ['CLUSTER', 'SLOTS'], (reply) => this.#slots.update(reply, this.#members));
    const ask = async (lane: Lane) => {
      // A shard that has not joined yet knows of none.
      if (!(await lane.request(slots))) throw refusal('refused');
    };
    try {
      await Promise.any(lanes.map(ask));
    } catch (error) {
      const [first] = (error as AggregateError).errors;
      throw first instanceof StoreError ? first : error;
    }
  }

  /** Sends a request to one member, and again as its lane does; an answer that names another member is no failure. */
  async #send<T>(member: number, asked: boolean, request: Request<T>): Promise<Outcome<T>> {
    const sent = asked ? asking(request) : request;
    const { partial, ...rest } = sent;
    const told: Request<Outcome<T>> = {
      ...rest,
      read: (replies, origin) => heed(() => sent.read(replies, origin)),
      ...(partial && { partial: (replies) => wrapped(partial, replies) }),
    };
    try {
      return await this.#lane(member).request(told);
    } catch (error) {
      // Its slots may have gone before it did.
      if (error instanceof StoreError && error.failure === 'unavailable') this.#refreshLater();
      throw error;
    }
  }

  #lane(member: number): Lane {
    const known = this.#lanes[member];
    if (known) return known;
    const lane = this.#openLane(this.#members[member] as Endpoint, () => this.#slots.keyOf(member));
    this.#lanes[member] = lane;
    return lane;
  }
}

function heed<T>(read: () => T): Outcome<T> {
  try {
    return { result: read() };
  } catch (error) {
    const redirect = redirectOf(error);
    if (redirect) return { redirect };
    throw error;
  }
}

function wrapped<T>(
  partial: NonNullable<Request<T>['partial']>,
  replies: Parameters<NonNullable<Request<T>['partial']>>[0],
): { result: Outcome<T> } | undefined {
  const known = partial(replies);
  return known && { result: known };
}
