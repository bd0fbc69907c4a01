import { type BatchOp, type Store, StoreError } from '../port.ts';
import { createRedisStore, type RedisStore } from '../redis.ts';
import type { TextOf } from '../replies.ts';
import { runBatch } from './batch.ts';
import type { Router } from './router.ts';
import { scanMembers } from './scan.ts';

/**
 * A store whose keys are spread over the members of a Redis Cluster. A member that is down fails what is asked of its
 * own keys, and what asks all of them: size and scan. `waitMs` is how long a scan waits to learn of new members.
 */
export function createClusterStore(router: Router, waitMs: number, textOf: TextOf | undefined): Store {
  const stores = { plain: [] as RedisStore[], asked: [] as RedisStore[] };

  function storeOf(member: number, asked = false): RedisStore {
    const made = asked ? stores.asked : stores.plain;
    made[member] ??= createRedisStore(router.way(member, asked), textOf, true);
    return made[member];
  }

  function at<T>(key: string, ask: (store: RedisStore) => Promise<T>): Promise<T> {
    const member = router.memberOf(key);
    return typeof member === 'number' ? ask(storeOf(member)) : member.then((known) => ask(storeOf(known)));
  }

  return {
    get: (key) => at(key, (store) => store.get(key)),
    set: (key, value, options) => at(key, (store) => store.set(key, value, options)),
    increment: (key, delta, ttl) => at(key, (store) => store.increment(key, delta, ttl)),
    expire: (key, seconds) => at(key, (store) => store.expire(key, seconds)),
    ttl: (key) => at(key, (store) => store.ttl(key)),
    async delete(keys) {
      const ops = keys.map((key): BatchOp => ({ op: 'delete', key }));
      const outcomes = await runBatch(router, storeOf, ops);
      const failures = outcomes.filter((outcome) => outcome instanceof StoreError);
      const failed = failures.find(({ failure }) => failure === 'unknown') ?? failures[0];
      const deleted = outcomes.filter((outcome) => !(outcome instanceof StoreError) && outcome.found).length;
      if (!failed) return deleted;
      if (deleted === 0) throw failed;
      throw new StoreError('unknown', 'some of the keys were deleted, and of others it is not known');
    },
    scan: (pattern, limit, from) => scanMembers(router, waitMs, pattern, limit, from),
    batch: (ops, options) => runBatch(router, storeOf, ops, options),
    async size() {
      const sizes = await Promise.all(Array.from({ length: router.size }, (_, member) => storeOf(member).size()));
      return sizes.reduce((sum, size) => sum + size, 0);
    },
  };
}
