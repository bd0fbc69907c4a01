import { type BatchOp, type BatchOptions, type BatchOutcome, StoreError, type StoreFailure } from '../port.ts';
import type { RedisStore } from '../redis.ts';
import { refusal } from '../redis-errors.ts';
import { Redirected } from './redirect.ts';
import type { Router } from './router.ts';

/**
 * Runs a batch: the operations of one member together and in order, and members beside one another. An operation whose
 * key is being moved follows it. Those of one key stay in order: one that a later one of its key has overtaken, since that
 * was taken where it was refused, is not run any more.
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
  const follow = async (indices: readonly number[]) => {
    const ran = indices.findLastIndex((index) => failureOf(outcomes[index]) !== 'unavailable');
    let isLost = false;
    for (const [i, index] of indices.entries()) {
      if (!(outcomes[index] instanceof Redirected)) continue;
      if (i < ran || isLost) {
        outcomes[index] = refusal('refused');
        continue;
      }
      await chase(index);
      // It may still be applied, or nobody takes the key in time.
      isLost = ['unknown', 'unavailable'].includes(failureOf(outcomes[index]) ?? '');
    }
  };
  if (outcomes.some((outcome) => outcome instanceof Redirected)) {
    await Promise.all([...group(ops.map(({ key }) => key)).values()].map(follow));
  }
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

function failureOf(outcome: BatchOutcome | undefined): StoreFailure | undefined {
  return outcome instanceof StoreError ? outcome.failure : undefined;
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
