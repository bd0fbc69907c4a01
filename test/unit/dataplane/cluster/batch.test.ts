import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBatch } from '../../../../dataplane/store/cluster/batch.ts';
import { Redirected } from '../../../../dataplane/store/cluster/redirect.ts';
import type { Router } from '../../../../dataplane/store/cluster/router.ts';
import type { BatchOp, BatchOutcome, StoreError, StoreFailure } from '../../../../dataplane/store/port.ts';
import type { RedisStore } from '../../../../dataplane/store/redis.ts';
import { refusal } from '../../../../dataplane/store/redis-errors.ts';

const ASK = { kind: 'ask', slot: 1, to: { host: 'b', port: 1 } } as const;
const set = (key: string, value: string): BatchOp => ({ op: 'set', key, value: Buffer.from(value) });
const done: BatchOutcome = { value: null, found: true };
const shown = (outcomes: readonly BatchOutcome[]) =>
  outcomes.map((outcome) => ('failure' in outcome ? outcome.failure : 'done'));

/** Runs a batch whose first attempt at shard 0 comes to `first`; what is sent on to shard 1 comes to `then`, and is kept. */
async function run(ops: readonly BatchOp[], first: readonly BatchOutcome[], then: () => BatchOutcome) {
  const late: string[] = [];
  const router = {
    memberOf: () => 0,
    follow: async (_redirect: unknown, _from: number, _since: number, send: (member: number) => Promise<object>) => {
      const outcome = await send(1);
      assert.ok('result' in outcome);
      return outcome.result;
    },
  } as unknown as Router;
  const batch = async (member: number, asked: readonly BatchOp[]) => {
    if (member === 0) return asked.length === ops.length ? [...first] : assert.fail('asked of the wrong shard');
    late.push(...asked.map((op) => `${op.key}=${'value' in op ? op.value : ''}`));
    return asked.map(then);
  };
  const storeOf = (member: number) =>
    ({ batch: (asked: readonly BatchOp[]) => batch(member, asked) }) as unknown as RedisStore;
  return { outcomes: await runBatch(router, storeOf, ops), late };
}

test('operations of a key that is moved are run where it goes, in their order', async () => {
  const ops = [set('a', '1'), set('b', '1'), set('a', '2')];
  const { outcomes, late } = await run(ops, [new Redirected(ASK), done, new Redirected(ASK)], () => done);
  assert.deepEqual(shown(outcomes), ['done', 'done', 'done']);
  assert.deepEqual(late, ['a=1', 'a=2']);
});

test('an operation that a later one of its key has overtaken is not run late, whatever became of that', async () => {
  const unknown = { failure: 'unknown' } as StoreError;
  const ops = [set('a', '1'), set('b', '1'), set('a', '2'), set('a', '3')];
  for (const overtaking of [done, Object.assign(refusal('lost'), unknown)]) {
    const first = [new Redirected(ASK), new Redirected(ASK), overtaking, new Redirected(ASK)];
    const { outcomes, late } = await run(ops, first, () => done);
    assert.deepEqual(outcomes[2], overtaking);
    assert.deepEqual(shown([outcomes[0], outcomes[1], outcomes[3]] as BatchOutcome[]), ['unavailable', 'done', 'done']);
    assert.deepEqual(late.sort(), ['a=3', 'b=1']);
  }
});

test('where nobody knows of one, or nobody takes it, those of its key behind it are not run', async () => {
  for (const failure of ['unknown', 'unavailable'] satisfies StoreFailure[]) {
    const ops = [set('a', '1'), set('a', '2'), set('b', '1')];
    const first = ops.map(() => new Redirected(ASK));
    const { outcomes, late } = await run(ops, first, () => Object.assign(refusal('lost'), { failure }));
    assert.deepEqual(shown(outcomes), [failure, 'unavailable', failure]);
    assert.deepEqual(late.sort(), ['a=1', 'b=1']);
  }
});
