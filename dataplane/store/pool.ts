import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Router } from './cluster/router.ts';
import { createClusterStore } from './cluster/store.ts';
import { Lane, type LaneEvent, type LaneLimits } from './lane.ts';
import type { Endpoint, Store, StoreAddress, Stores } from './port.ts';
import { createRedisStore, type RedisStore } from './redis.ts';
import { openReplicated } from './replicated/open.ts';
import { asAny } from './replies.ts';
import { Connection, type ConnectionHooks, type ConnectionOptions } from './resp/connection.ts';

export interface PoolOptions {
  limits: LaneLimits;
  connectTimeoutMs: number;
  commandTimeoutMs: number;
  /** A connection that nothing was asked of for so long, in ms, is closed. */
  idleCloseMs: number;
  /** The data plane's password at a store, or those to try in order; derived when a connection is made and kept nowhere. */
  password: (address: StoreAddress) => string | readonly string[];
  report: (address: StoreAddress, event: LaneEvent) => void;
  hooks?: PoolHooks;
}

/**
 * For whoever wants to know more of a store, asked once for each address. `settled` is there where the address takes the
 * place of another: it resolves when nothing that was asked over the other's connection can be answered any more.
 */
export type PoolHooks = (address: StoreAddress, settled: Promise<void> | undefined) => StoreHooks | undefined;

/** For whoever listens to a store's connection. */
export interface StoreHooks extends ConnectionHooks {
  /** The store as it is to be used, made of the one that asks Redis. */
  wrap?: (store: RedisStore) => Store;
}

/** What there is now, for metrics. */
export interface Pool extends Stores {
  connections(): number;
}

interface Member {
  address: StoreAddress;
  /** The lanes that were opened: one for each Redis of the store that was asked. */
  lanes: () => readonly Lane[];
  touch: () => void;
  store: Store;
  /** Of a store of shards: takes those that have joined. */
  grow?: (members: readonly Endpoint[]) => void;
}

/**
 * Redis stores, one connection each: opened at first use, shared by all requests, closed when idle, and replaced when
 * the store's endpoint, its credentials or what it is to be used for change.
 */
export function createPool(options: PoolOptions): Pool {
  const members = new Map<string, Member>();
  const sweeper = setInterval(sweep, Math.max(1, options.idleCloseMs / 4));
  sweeper.unref();

  function sweep(): void {
    const now = performance.now();
    for (const [uid, member] of members) {
      if (member.lanes().some((lane) => lane.idleMs(now) < options.idleCloseMs)) continue;
      close(member);
      members.delete(uid);
    }
  }

  function connectionTo(
    address: StoreAddress,
    { host, port }: Endpoint,
    limits: Partial<ConnectionOptions> = {},
  ): Connection {
    const { connectTimeoutMs, commandTimeoutMs, password } = options;
    return new Connection({
      host,
      port,
      username: 'dataplane',
      password: password(address),
      connectTimeoutMs,
      commandTimeoutMs,
      ...limits,
    });
  }

  function openLane(
    address: StoreAddress,
    endpoint: Endpoint,
    { hooks, keyOf }: { hooks?: ConnectionHooks | undefined; keyOf?: () => string } = {},
  ): Lane {
    const open = async () => {
      const connection = connectionTo(address, endpoint, { hooks });
      await connection.connect();
      return connection;
    };
    return new Lane(open, options.limits, (event) => options.report(address, event), keyOf);
  }

  function single(address: StoreAddress, settled?: Promise<void>): Member {
    const hooks = options.hooks?.(address, settled);
    const lane = openLane(address, address, { hooks });
    const store = createRedisStore(lane, address.anyValues ? asAny : undefined);
    return { address, lanes: () => [lane], touch: () => lane.touch(), store: hooks?.wrap?.(store) ?? store };
  }

  function sharded(address: StoreAddress, shards: readonly Endpoint[]): Member {
    const { waitMs } = options.limits;
    const open = (shard: Endpoint, keyOf: () => string) => {
      const lane = openLane(address, shard, { keyOf });
      lane.restarting = member.address.restarting ?? false;
      return lane;
    };
    const router = new Router(shards, open, waitMs);
    const store = createClusterStore(router, waitMs, address.anyValues ? asAny : undefined);
    const lanes = () => router.lanes;
    const member: Member = { address, lanes, touch: () => router.touch(), store, grow: (more) => router.grow(more) };
    return member;
  }

  function replicated(address: StoreAddress, replicas: readonly Endpoint[]): Member {
    const opened = openReplicated({
      members: replicas,
      connect: (endpoint, limits) => connectionTo(address, endpoint, limits),
      limits: options.limits,
      commandTimeoutMs: options.commandTimeoutMs,
      report: (event) => options.report(address, event),
      nearestReads: address.nearestReads ?? false,
      textOf: address.anyValues ? asAny : undefined,
    });
    return { address, ...opened };
  }

  function add(address: StoreAddress, settled?: Promise<void>): Member {
    const { topology } = address;
    const make = { Sharded: sharded, Replicated: replicated };
    const member = topology ? make[topology.mode](address, topology.members) : single(address, settled);
    members.set(address.uid, member);
    know(member, address);
    return member;
  }

  /** Resolves once the lanes are closed; of several members of a store the one that was retired last closes last. */
  async function retire(member: Member): Promise<void> {
    // What is in flight has its reply by then, or has failed.
    const { waitMs, restart } = options.limits;
    await sleep(Math.max(waitMs, restart?.waitMs ?? 0) + options.commandTimeoutMs, undefined, { ref: false });
    close(member);
  }

  return {
    open(address) {
      const member = members.get(address.uid);
      member?.touch();
      if (member?.address === address) return member.store;
      if (member && isSame(member.address, address)) {
        know(member, address);
        return member.store;
      }
      if (member?.grow && address.topology && isGrowth(member.address, address)) {
        member.grow(address.topology.members);
        know(member, address);
        return member.store;
      }
      return add(address, member && retire(member)).store;
    },
    connections: () =>
      [...members.values()].flatMap(({ lanes }) => lanes()).filter(({ connected }) => connected).length,
    async close() {
      clearInterval(sweeper);
      for (const member of members.values()) close(member);
      members.clear();
    },
  };
}

/** Takes what may change of an address while its connections stay. */
function know(member: Member, address: StoreAddress): void {
  member.address = address;
  for (const lane of member.lanes()) lane.restarting = address.restarting ?? false;
}

function close({ lanes }: Member): void {
  for (const lane of lanes()) lane.close();
}

function isSame(a: StoreAddress, b: StoreAddress): boolean {
  return a.host === b.host && a.port === b.port && isUsedAlike(a, b) && isDeepStrictEqual(a.topology, b.topology);
}

/** Whether the shards of the one are the first of the other's, so that what is known of them still holds. */
function isGrowth(before: StoreAddress, { topology, ...now }: StoreAddress): boolean {
  if (before.topology?.mode !== 'Sharded' || topology?.mode !== 'Sharded') return false;
  const { members } = before.topology;
  return isUsedAlike(before, now) && isDeepStrictEqual(topology.members.slice(0, members.length), members);
}

function isUsedAlike(a: StoreAddress, b: StoreAddress): boolean {
  const { credentialGeneration, cachedReads = false, nearestReads = false, anyValues = false } = a;
  return (
    credentialGeneration === b.credentialGeneration &&
    cachedReads === (b.cachedReads ?? false) &&
    nearestReads === (b.nearestReads ?? false) &&
    anyValues === (b.anyValues ?? false)
  );
}
