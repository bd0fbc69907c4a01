import type { Way } from '../exchange.ts';
import type { BatchOp, BatchOptions, BatchOutcome, Entry, Store } from '../port.ts';
import { StoreError } from '../port.ts';
import { createRedisStore, type RedisStore } from '../redis.ts';
import type { TextOf } from '../replies.ts';

/** The ways to a replicated store. */
export interface Ways {
  primary: Way;
  /** For writes that are to be on so many nodes. */
  durable: (nodes: number) => Way;
  /** Absent where all reads go to the primary. */
  near?: NearWays | undefined;
}

/** The ways to the member that answers soonest. */
export interface NearWays {
  /** The member to read from, if it is another than the primary's and known to be near. */
  choose: () => number | undefined;
  way: (member: number) => Way;
  /** A member did not answer. */
  failed: (member: number) => void;
}

/** A store whose writes go to the primary, as do all reads but those that may be answered from nearby. */
export function createReplicatedStore({ primary, durable, near }: Ways, textOf: TextOf | undefined): Store {
  const store = createRedisStore(primary, textOf);
  const durables = new Map<number, Store>();
  const replicated: Store = {
    ...store,
    durable(nodes) {
      const known = durables.get(nodes) ?? createRedisStore(durable(nodes), textOf);
      durables.set(nodes, known);
      return known;
    },
  };
  return near ? { ...replicated, ...createNearReads(near, store, textOf) } : replicated;
}

function createNearReads(
  near: NearWays,
  primary: RedisStore,
  textOf: TextOf | undefined,
): Pick<Store, 'near' | 'batch'> {
  const stores: RedisStore[] = [];

  /** Reads nearby, and from the primary where nobody is near or who is does not answer. */
  async function read<T>(ask: (store: RedisStore) => Promise<T>): Promise<T> {
    const member = near.choose();
    if (member === undefined) return ask(primary);
    stores[member] ??= createRedisStore(near.way(member), textOf);
    try {
      return await ask(stores[member]);
    } catch (error) {
      if (!(error instanceof StoreError) || error.failure !== 'unavailable') throw error;
      near.failed(member);
      return ask(primary);
    }
  }

  return {
    near: (key: string): Promise<Entry | null> => read((store) => store.get(key)),
    batch(ops: readonly BatchOp[], options?: BatchOptions): Promise<BatchOutcome[]> {
      const mayBeNear = options?.recall && ops.every(({ op }) => op === 'get');
      return mayBeNear ? read((store) => store.batch(ops, options)) : primary.batch(ops, options);
    },
  };
}
