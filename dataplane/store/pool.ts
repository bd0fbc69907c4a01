import { setTimeout as sleep } from 'node:timers/promises';
import { Lane, type LaneEvent, type LaneLimits } from './lane.ts';
import type { Store, StoreAddress, Stores } from './port.ts';
import { createRedisStore, type RedisStore } from './redis.ts';
import { asAny } from './replies.ts';
import { Connection, type ConnectionHooks } from './resp/connection.ts';

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
  lane: Lane;
  store: Store;
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
    for (const [uid, { lane }] of members) {
      if (lane.idleMs(now) < options.idleCloseMs) continue;
      lane.close();
      members.delete(uid);
    }
  }

  function add(address: StoreAddress, settled?: Promise<void>): Member {
    const { connectTimeoutMs, commandTimeoutMs, password, report, limits } = options;
    const { host, port } = address;
    const hooks = options.hooks?.(address, settled);
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
    const store = createRedisStore(lane, address.anyValues ? asAny : undefined);
    const member = { address, lane, store: hooks?.wrap?.(store) ?? store };
    members.set(address.uid, member);
    return member;
  }

  /** Resolves once the lane is closed; of several lanes of a store the one that was retired last closes last. */
  async function retire({ lane }: Member): Promise<void> {
    // What is in flight has its reply by then, or has failed.
    await sleep(options.limits.waitMs + options.commandTimeoutMs, undefined, { ref: false });
    lane.close();
  }

  return {
    open(address) {
      const member = members.get(address.uid);
      member?.lane.touch();
      if (member?.address === address) return member.store;
      if (member && isSame(member.address, address)) {
        member.address = address;
        return member.store;
      }
      return add(address, member && retire(member)).store;
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
  const { host, port, credentialGeneration, cachedReads = false, anyValues = false } = a;
  return (
    host === b.host &&
    port === b.port &&
    credentialGeneration === b.credentialGeneration &&
    cachedReads === (b.cachedReads ?? false) &&
    anyValues === (b.anyValues ?? false)
  );
}
