import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createCache } from '../../../dataplane/cache/cache.ts';
import type { Store } from '../../../dataplane/store/port.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import type { WriterData } from './writer.ts';

const key = 'k';
const writes = 2000;

/** Reads the key all the time, as a busy replica would; when each number was given from memory last. */
async function watch(store: Store, isOver: () => boolean): Promise<BigInt64Array> {
  const given = new BigInt64Array(writes);
  while (!isOver()) {
    const known = store.recall?.(key);
    if (known) given[Number(known.value)] = process.hrtime.bigint();
    else if (known === undefined) await store.get(key);
    await turn();
  }
  return given;
}

describe('two replicas that read from memory, and a native client that writes', () => {
  let tenant: TenantRedis;
  before(async () => {
    tenant = await startTenantRedis('8.0');
  });
  after(() => tenant.stop());

  test('a value is given for a moment after another was written: p99 within 50 ms, and never over a second', async (t) => {
    const pools = [0, 1].map(() => tenant.pool({ hooks: createCache({ bytes: 2 ** 20 }).hooks }).pool);
    const workerData: WriterData = { port: tenant.server.port, key, writes };
    const writer = new Worker(new URL('./writer.ts', import.meta.url), { workerData });
    let over = false;
    const watching = pools.map((pool) => watch(pool.open({ ...tenant.address, cachedReads: true }), () => over));
    const [answered] = (await once(writer, 'message')) as [BigInt64Array];
    over = true;
    const given = await Promise.all(watching);
    await Promise.all(pools.map((pool) => pool.close()));
    const seen = given.map((times) => times.filter((time) => time > 0n).length);
    // How long a number was given after the next one had its answer, in ms; negative where it was let go before.
    const late = given.flatMap((times) =>
      [...times.subarray(0, -1)].map((time, i) => Number(time - (answered[i + 1] ?? 0n)) / 1e6),
    );
    late.sort((a, b) => a - b);
    const at = (part: number) => late[Math.floor(part * (late.length - 1))] ?? Number.NaN;
    t.diagnostic(`${writes} writes, of which the replicas gave ${seen.join(' and ')} from memory`);
    t.diagnostic(
      `given for so many ms after the next had its answer: p99 ${at(0.99).toFixed(2)}, most ${at(1).toFixed(2)}`,
    );
    assert.ok(seen.every((count) => count > writes / 2));
    assert.ok(at(0.99) < 50);
    assert.ok(at(1) < 1000);
  });
});
