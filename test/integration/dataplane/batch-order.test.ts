import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { slotOf } from '../../../dataplane/store/cluster/slot.ts';
import { type BatchOp, StoreError } from '../../../dataplane/store/port.ts';
import { startTenantCluster } from '../../contract/tenant-cluster.ts';

const KEYS = 1000;
const ROUNDS = 100;
const value = (word: string, i: number) => Buffer.from(`${word} ${i}`.padEnd(1500));

test('of two writes to a key in one batch the later one stays, also where a shard takes its slot over between them', async (t) => {
  const tenant = await startTenantCluster('8.0', 2);
  t.after(() => tenant.stop());
  const { pool } = tenant.pool({ limits: { waitMs: 10_000, inFlight: 4096, waiting: 256 } });
  t.after(() => pool.close());
  const store = pool.open(tenant.address);
  const tag = [...'abcdefgh'].find((letter) => slotOf(letter) < 8192) ?? '';
  const slot = slotOf(tag);
  const keys = Array.from({ length: KEYS }, (_, i) => `{${tag}}${i}`);
  const ops = ['older', 'newer'].flatMap((word) =>
    keys.map((key, i): BatchOp => ({ op: 'set', key, value: value(word, i) })),
  );
  const ids = await Promise.all([0, 1].map(async (shard) => String(await tenant.admin(shard).call('CLUSTER', 'MYID'))));
  const setSlot = (shard: number, ...how: string[]) => tenant.admin(shard).call('CLUSTER', 'SETSLOT', slot, ...how);
  let overtaken = 0;
  for (let round = 0; round < ROUNDS && overtaken === 0; round++) {
    // Known to be at the second shard, which is to take it over again.
    await tenant.move([slot], 0, 1);
    await store.get(keys[0] ?? '');
    await sleep(50);
    await tenant.move([slot], 1, 0);
    await setSlot(1, 'IMPORTING', ids[0] ?? '');
    await setSlot(0, 'MIGRATING', ids[1] ?? '');
    const batch = store.batch(ops);
    await sleep(round % 20);
    for (const shard of [1, 0]) await setSlot(shard, 'NODE', ids[1] ?? '');
    const outcomes = await batch;
    for (const [i, key] of keys.entries()) {
      const [older, newer] = [outcomes[i], outcomes[i + KEYS]];
      assert.ok(!(newer instanceof StoreError));
      if (older instanceof StoreError) {
        assert.equal(older.failure, 'unavailable');
        overtaken++;
      }
      assert.deepEqual((await store.get(key))?.value, value('newer', i), `${key} in round ${round}`);
    }
    await store.delete(keys);
    await tenant.move([slot], 1, 0);
  }
  t.diagnostic(`${overtaken} writes would have overtaken a later one`);
  assert.ok(overtaken > 0, 'the slot was taken over in the middle of a batch at least once');
});
