import { type BatchOp, type BatchOptions, type BatchOutcome, StoreError } from '../port.ts';
import type { RedisStore } from '../redis.ts';
import { Redirected } from './redirect.ts';
import type { Router } from './router.ts';

/**
 * Runs a batch: the operations of one member together and in order, and members beside one another. An operation whose
 * key is being moved follows it; those of one key stay in order, since a key is only ever at one member.
 */
export async function runBatch(
  router: Router,
  storeOf: (member: number, asked: boolean) => RedisStore,
  ops: readonly BatchOp[],
  options?: BatchOptions,
): Promise<BatchOutcome[]> {
  const since = performance.now();
  const members = await Promise.all(ops.map(({ key }) => router.memberOf(key)));
  const outcomes: BatchOutcome[] = new Array(ops.length);
  const place = async (member: number, indices: readonly number[]) => {
    const some = await attempt(
      storeOf(member, false),
      indices.map((i) => ops[i] as BatchOp),
      options,
    );
    indices.forEach((index, i) => {
      outcomes[index] = some[i] as BatchOutcome;
    });
  };
  await Promise.all([...group(members)].map(([member, indices]) => place(member, indices)));

  const moved = ops.flatMap((_, i) => (outcomes[i] instanceof Redirected ? [i] : []));
  const chase = async (index: number) => {
    const op = ops[index] as BatchOp;
    const send = async (member: number, asked: boolean) => {
      const [outcome] = await attempt(storeOf(member, asked), [op], options);
      if (outcome instanceof Redirected && outcome.redirect) return { redirect: outcome.redirect };
      return { result: outcome as BatchOutcome };
    };
    const member = members[index] as number;
    const { redirect } = outcomes[index] as Redirected;
    // Alone it is asked again by its lane while it is refused.
    const first = redirect ? { redirect } : await send(member, false);
    outcomes[index] =
      'result' in first ? first.result : await router.follow(first.redirect, member, since, send).catch(asOutcome);
  };
  const chains = group(moved.map((index) => (ops[index] as BatchOp).key));
  await Promise.all(
    [...chains.values()].map(async (chain) => {
      for (const i of chain) await chase(moved[i] as number);
    }),
  );
  return outcomes;
}

/** What fails as a whole is the outcome of each operation: those at other members have theirs. */
async function attempt(store: RedisStore, ops: readonly BatchOp[], options?: BatchOptions): Promise<BatchOutcome[]> {
  try {
    return await store.batch(ops, options);
  } catch (error) {
    return ops.map(() => asOutcome(error));
  }
}

function asOutcome(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  throw error;
}

/** The indices of equal things, in order. */
function group<T>(of: readonly T[]): Map<T, number[]> {
  const groups = new Map<T, number[]>();
  of.forEach((each, i) => {
    const indices = groups.get(each);
    if (indices) indices.push(i);
    else groups.set(each, [i]);
  });
  return groups;
}
