import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { REDIS_PORT } from '../../../contract/names.ts';
import type { Store, StoreError } from '../../../dataplane/store/port.ts';
import { failOver } from '../../../operator/reconcile/failover.ts';
import { connectRedis } from '../../../operator/redis/session.ts';
import { startTenantReplicated } from '../../contract/tenant-replicated.ts';
import { eventually } from '../eventually.ts';
import { seeMembers } from './seen-members.ts';

const PER_SECOND = 100;
/** As long as the data plane holds a request, where nothing else is said. */
const WAIT_MS = 2000;

/** Reads and writes, in turn, whatever becomes of those before; each write is of a key of its own. */
function load(store: Store) {
  const written: string[] = [];
  const failures: string[] = [];
  const underWay: Promise<void>[] = [];
  let running = true;
  let slowestMs = 0;
  const send = async (n: number): Promise<void> => {
    const key = `key:${n}`;
    const began = performance.now();
    try {
      if (n % 2 === 0) written.push(await store.set(key, Buffer.from(`${n}`)).then(() => key));
      else await store.get(`key:${n - 1}`);
      slowestMs = Math.max(slowestMs, performance.now() - began);
    } catch (error) {
      failures.push(`${(error as StoreError).failure}: ${(error as StoreError).message}`);
    }
  };
  const sending = (async () => {
    const start = performance.now();
    for (let n = 0; running; n++) {
      underWay.push(send(n));
      await sleep(Math.max(0, start + ((n + 1) * 1000) / PER_SECOND - performance.now()));
    }
  })();
  return async () => {
    running = false;
    await sending;
    await Promise.all(underWay);
    return { written, failures, slowestMs, requests: underWay.length };
  };
}

test('an upgrade of replicas first and the primary last fails none of a hundred requests a second', async (t) => {
  const tenant = await startTenantReplicated({ version: '7.0' });
  t.after(() => tenant.stop());
  const { pool } = tenant.pool({ limits: { waitMs: WAIT_MS, inFlight: 1024, waiting: 1024 } });
  t.after(() => pool.close());
  const store = pool.open(tenant.address);
  const primary = await tenant.primary(2);
  const versionOf = async (ordinal: number) =>
    /redis_version:(\S+)/.exec(String(await tenant.ask(ordinal, ['INFO', 'server'])))?.[1];

  /** As a kubelet does it. */
  async function restart(ordinal: number): Promise<void> {
    const { sentinel, redis, handOver } = tenant.members[ordinal] ?? assert.fail();
    await Promise.all([sentinel.stop(), handOver()]);
    await redis.stop();
    sentinel.start();
    redis.start();
    await tenant.primary(2);
  }

  /** As the operator does it before it deletes the pod of a primary. */
  async function handOver(): Promise<boolean> {
    const { members, close } = await seeMembers(tenant);
    const connect = ({ address = '' }) =>
      connectRedis({ host: address, port: REDIS_PORT, password: tenant.operatorPassword });
    const { done } = await failOver({ members }, { connect, password: tenant.replicaPassword }).finally(close);
    return done || sleep(1000, false);
  }

  const stop = load(store);
  await sleep(500);
  await tenant.upgrade('8.0');
  for (const { ordinal } of tenant.members) if (ordinal !== primary) await restart(ordinal);
  assert.match((await versionOf(primary)) ?? '', /^7\./, 'the primary is the last');
  await eventually('another is the primary', 60_000, handOver);
  await restart(primary);
  await sleep(500);
  const { written, failures, slowestMs, requests } = await stop();
  t.diagnostic(`${requests} requests, ${failures.length} failed, the slowest took ${Math.round(slowestMs)} ms`);
  assert.deepEqual(failures, []);
  assert.ok(written.length > 100, `${written.length} writes are enough to tell`);
  for (const key of written) assert.equal(String((await store.get(key))?.value), key.slice('key:'.length));
  for (const { ordinal } of tenant.members) assert.match((await versionOf(ordinal)) ?? '', /^8\./);
});
