// The checker of durability over a data plane whose store has a bug: each must be found, and nothing where there is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '../../../dataplane/store/memory.ts';
import { type Store, StoreError } from '../../../dataplane/store/port.ts';
import { startLoad } from '../../durability/load.ts';
import { countLost, type Verdict } from '../../durability/verdict.ts';
import { startApi } from '../dataplane/api.ts';

/** Which of the calls of a method the bug is in. */
const BAD_CALL = 20;

/** What becomes of a load over a store with those methods in place of memory's. */
async function judgeOver(bug: (memory: Store) => Partial<Store>): Promise<Verdict> {
  const memory = createMemoryStore();
  const store = { ...memory, ...bug(memory) };
  const api = await startApi({ stores: { open: () => store, close: async () => {} }, silent: true });
  const authorization = `Bearer ${api.tenant('checked')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const request = async (method: string, path: string, body?: unknown) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(api.url + path, { method, headers, ...sent });
    return { status: response.status, body: await response.json() };
  };
  const load = startLoad({ request }, { prefix: 'checked', pauseMs: 0 });
  try {
    await load.more(400);
    await load.stop();
    return await load.verdict();
  } finally {
    api.close();
  }
}

/** `bad` in place of one call of `good`, on a key that no later write hides. */
function once<A extends unknown[], R>(good: (...args: A) => R, bad: (...args: A) => R): (...args: A) => R {
  let calls = 0;
  return (...args) => {
    const isHidden = String(args[0]).endsWith('-register');
    return (!isHidden && ++calls === BAD_CALL ? bad : good)(...args);
  };
}

test('a store that keeps its word is found to', async () => {
  const { acknowledged, unknown, lost, resurrected } = await judgeOver(() => ({}));
  assert.ok(acknowledged >= 400);
  assert.deepEqual({ unknown, lost, resurrected }, { unknown: 0, lost: [], resurrected: [] });
});

test('an acknowledged set that was not done is lost', async () => {
  const verdict = await judgeOver(({ set }) => ({ set: once(set, async () => ({ expiresAt: null })) }));
  assert.equal(countLost(verdict), 1);
});

test('an acknowledged delete that was not done is lost', async () => {
  const verdict = await judgeOver((memory) => ({ delete: once(memory.delete, async () => 1) }));
  assert.equal(countLost(verdict), 1);
});

test('an increment that was forgotten is lost', async () => {
  const verdict = await judgeOver(({ increment }) => ({
    increment: once(increment, async (key) => {
      const entry = await increment(key, 1);
      await increment(key, -1);
      return entry;
    }),
  }));
  assert.equal(countLost(verdict), 1);
});

test('an increment that was done twice is one too many', async () => {
  const { resurrected } = await judgeOver(({ increment }) => ({
    increment: once(increment, async (key, delta) => {
      await increment(key, delta);
      return increment(key, delta);
    }),
  }));
  assert.equal(resurrected.length, 1);
});

test('a set that was refused and done all the same is found', async () => {
  const { resurrected } = await judgeOver(({ set }) => ({
    set: once(set, async (...args) => {
      await set(...args);
      throw new StoreError('unavailable', 'planted');
    }),
  }));
  assert.equal(resurrected.length, 1);
});

test('a set whose outcome is unknown may be there or not', async () => {
  const { unknown, unknownApplied, lost, resurrected } = await judgeOver(({ set }) => ({
    set: once(set, async (...args) => {
      await set(...args);
      throw new StoreError('unknown', 'planted');
    }),
  }));
  assert.deepEqual(
    { unknown, unknownApplied, lost, resurrected },
    { unknown: 1, unknownApplied: 1, lost: [], resurrected: [] },
  );
});
