import { Lane, type LaneEvent, type LaneLimits } from './lane.ts';
import type { Entry, Store, StoreAddress, Stores } from './port.ts';
import { createRedisStore } from './redis.ts';
import { Connection, type ConnectionHooks } from './resp/connection.ts';

export interface PoolOptions {
  limits: LaneLimits;
  connectTimeoutMs: number;
  commandTimeoutMs: number;
  /** A connection that nothing was asked of for so long, in ms, is closed. */
  idleCloseMs: number;
  /** The data plane's password at a store, derived when a connection is made and kept nowhere. */
  password: (address: StoreAddress) => string;
  report: (address: StoreAddress, event: LaneEvent) => void;
  /** For whoever wants to know more of a store; asked once for each address. */
  hooks?: (address: StoreAddress) => StoreHooks | undefined;
}

/** What a store's connection says, and what is read over it, in one order. */
export interface StoreHooks extends ConnectionHooks {
  /** What `get` has just read. */
  read?: (key: string, entry: Entry | null) => void;
}

/** What there is now, for metrics. */
export interface Pool extends Stores {
  connections(): number;
}

interface Member {
  address: StoreAddress;
  lane: Lane;
  store: Store;
}

/**
 * Redis stores, one connection each: opened at first use, shared by all requests, closed when idle, and replaced when
 * the store's endpoint or credentials change.
 */
export function createPool(options: PoolOptions): Pool {
  const members = new Map<string, Member>();
  const sweeper = setInterval(sweep, Math.max(1, options.idleCloseMs / 4));
  sweeper.unref();

  function sweep(): void {
    const now = performance.now();
    for (const [uid, { lane }] of members) {
      if (lane.idleMs(now) < options.idleCloseMs) continue;
      lane.close();
      members.delete(uid);
    }
  }

  function add(address: StoreAddress): Member {
    const { connectTimeoutMs, commandTimeoutMs, password, report, limits } = options;
    const { host, port } = address;
    const hooks = options.hooks?.(address);
    const connect = () =>
      new Connection({
        host,
        port,
        username: 'dataplane',
        password: password(address),
        connectTimeoutMs,
        commandTimeoutMs,
        hooks,
      });
    const lane = new Lane(connect, limits, (event) => report(address, event));
    const member = { address, lane, store: createRedisStore(lane, hooks?.read) };
    members.set(address.uid, member);
    return member;
  }

  function retire({ lane }: Member): void {
    // What is in flight has its reply by then, or has failed.
    setTimeout(() => lane.close(), options.limits.waitMs + options.commandTimeoutMs).unref();
  }

  return {
    open(address) {
      const member = members.get(address.uid);
      if (member?.address === address) return member.store;
      if (member && isSame(member.address, address)) {
        member.address = address;
        return member.store;
      }
      if (member) retire(member);
      return add(address).store;
    },
    connections: () => [...members.values()].filter(({ lane }) => lane.connected).length,
    async close() {
      clearInterval(sweeper);
      for (const { lane } of members.values()) lane.close();
      members.clear();
    },
  };
}

function isSame(a: StoreAddress, b: StoreAddress): boolean {
  return a.host === b.host && a.port === b.port && a.credentialGeneration === b.credentialGeneration;
}
