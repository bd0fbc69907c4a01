import { Lane, type LaneEvent, type LaneLimits } from '../lane.ts';
import type { Endpoint, Store } from '../port.ts';
import { one, type TextOf } from '../replies.ts';
import type { Connection } from '../resp/connection.ts';
import { createDurableWay } from './durable.ts';
import { Nearest, readRole } from './nearest.ts';
import { type Informants, Primary } from './primary.ts';
import { Sentinels } from './sentinels.ts';
import { createReplicatedStore, type NearWays } from './store.ts';
import { Witnesses } from './witnesses.ts';

export interface ReplicatedOptions {
  members: readonly Endpoint[];
  /** A new connection that is not made yet, by other limits in ms than those of the pool where any are given. */
  connect: (to: Endpoint, limits?: { connectTimeoutMs: number; commandTimeoutMs: number }) => Connection;
  limits: LaneLimits;
  commandTimeoutMs: number;
  report: (event: LaneEvent) => void;
  nearestReads: boolean;
  textOf: TextOf | undefined;
}

/** A store of a primary and replicas as it was opened. */
export interface Replicated {
  store: Store;
  /** The lanes that were opened. */
  lanes: () => readonly Lane[];
  touch: () => void;
}

/** Limit in ms on the answer of a Sentinel, and of a replica that is read from: others can answer in their place. */
const SUBSTITUTABLE_MS = 1000;
/** Limit in ms on the answer of a member as to who is the primary: a durable write waits for it, also where one is lost. */
const WITNESS_MS = 500;
/** How long in ms a read waits for a replica that takes no commands. */
const NEAR_WAIT_MS = 50;

/** Opens a replicated store: connections follow its primary, one for what is asked and one for writes that wait for replicas. */
export function openReplicated(options: ReplicatedOptions): Replicated {
  const { members, limits, report, textOf } = options;
  const hasty = { connectTimeoutMs: SUBSTITUTABLE_MS, commandTimeoutMs: SUBSTITUTABLE_MS };
  const lanes: Lane[] = [];
  const sentinels = new Sentinels(members, (sentinel) => options.connect(sentinel, hasty));
  const witnesses = new Witnesses(members, (member) =>
    options.connect(member, { connectTimeoutMs: WITNESS_MS, commandTimeoutMs: WITNESS_MS }),
  );
  const informants: Informants = {
    primary: () => sentinels.primary(),
    get inDoubt() {
      return sentinels.inDoubt;
    },
    isReplaced: (ordinal) => witnesses.isReplaced(ordinal),
    close() {
      sentinels.close();
      witnesses.close();
    },
  };
  const idleMs = () => Math.min(...lanes.map((lane) => lane.idleMs(performance.now())));
  const { commandTimeoutMs } = options;
  // Where the primary has gone with its node, another is soon to be named.
  const toPrimary = { connectTimeoutMs: SUBSTITUTABLE_MS / 2, commandTimeoutMs };
  const primary = new Primary(members, informants, (member) => options.connect(member, toPrimary), idleMs);
  const main = open(() => primary.open());

  function open(connect: () => Promise<Connection>, bounds = limits): Lane {
    const lane = new Lane(connect, bounds, report);
    lane.restarting = lanes[0]?.restarting ?? false;
    lanes.push(lane);
    return lane;
  }

  function openNear(): NearWays {
    // Also while a replica is restarted on purpose: the primary can answer in its place.
    const { restart: _, ...bounds } = { ...limits, waitMs: NEAR_WAIT_MS };
    const near = members.map((member) =>
      open(async () => {
        const connection = options.connect(member, hasty);
        await connection.connect();
        return connection;
      }, bounds),
    );
    const way = (member: number) => near[member] as Lane;
    const nearest = new Nearest(
      members.length,
      (member) => way(member).request(one('read', ['ROLE'], readRole)),
      () => performance.now(),
    );
    return {
      way,
      choose() {
        const member = nearest.choose();
        return member === undefined || member === primary.last || !way(member).connected ? undefined : member;
      },
      failed: (member) => nearest.forget(member),
    };
  }

  const store = createReplicatedStore(
    {
      primary: main,
      durable: (nodes) =>
        createDurableWay(
          open(() => primary.open()),
          nodes,
          { confirmMs: commandTimeoutMs / 2, waiting: limits.inFlight },
          (place) => witnesses.isOnlyPrimary(place),
        ),
      near: options.nearestReads ? openNear() : undefined,
    },
    textOf,
  );
  return { store, lanes: () => lanes, touch: () => main.touch() };
}
