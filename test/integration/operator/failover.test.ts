import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { REDIS_PORT } from '../../../contract/names.ts';
import type { StoreError } from '../../../dataplane/store/port.ts';
import { type FailedOver, failOver } from '../../../operator/reconcile/failover.ts';
import { connectRedis } from '../../../operator/redis/session.ts';
import { startTenantReplicated, type TenantReplicated } from '../../contract/tenant-replicated.ts';
import { eventually } from '../eventually.ts';
import { seeMembers } from './seen-members.ts';

const LIMIT_MS = 60_000;
const TIMES = 5;
const CLIENTS = 8;

const valueAt = (n: number) => Buffer.from(JSON.stringify(`${n}`.padEnd(200_000)));

for (const version of ['7.0', '8.0'] as const)
  describe(`Redis ${version}: a planned failover`, () => {
    let tenant: TenantReplicated;
    before(async () => {
      tenant = await startTenantReplicated({ version });
    });
    after(() => tenant.stop());

    /** As the operator does it; a Sentinel looks at replicas every ten seconds, and knows of none that has just come back. */
    async function handOver(): Promise<void> {
      const old = await tenant.primary(2);
      await eventually('another is the primary', LIMIT_MS, async () => {
        const { done } = await attempt();
        if (!done) await sleep(1_000);
        return done;
      });
      await tenant.primary(2, old);
    }

    async function attempt(): Promise<FailedOver> {
      const { members, close } = await seeMembers(tenant);
      const connect = ({ address = '' }) =>
        connectRedis({ host: address, port: REDIS_PORT, password: tenant.operatorPassword });
      return failOver({ members }, { connect, password: tenant.replicaPassword }).finally(close);
    }

    test('one that Sentinel begins and cannot finish is not done, and another try is', async () => {
      const old = await tenant.primary(2);
      const replicas = tenant.members.filter(({ ordinal }) => ordinal !== old);
      const allow = (sign: '+' | '-') =>
        Promise.all(
          replicas.map(({ ordinal }) => tenant.ask(ordinal, ['ACL', 'SETUSER', 'sentinel', `${sign}slaveof`])),
        );
      await allow('-');
      // A Sentinel that has just looked may not know yet that the replicas are fit, and refuses.
      await eventually('Sentinel takes it on in vain', LIMIT_MS, async () => {
        const outcome = await attempt();
        assert.equal(outcome.done, false);
        return !outcome.done && /taken it on/.test(outcome.step.message);
      });
      assert.equal(await tenant.primary(2), old);
      await allow('+');
      await handOver();
    });

    test('writes that wait for all nodes are all answered, and none is lost', async () => {
      // Each client has a connection of its own, and values that are large enough for replicas to be behind at any moment.
      const pools = Array.from({ length: CLIENTS }, () => tenant.pool().pool);
      let running = true;
      const failures: string[] = [];
      const written = pools.map(async (pool, client) => {
        const durable = pool.open(tenant.address).durable?.(tenant.members.length);
        let last = 0;
        for (let n = 1; running; n++)
          await durable?.set(`client:${client}`, valueAt(n)).then(
            () => {
              last = n;
            },
            (error: StoreError) => {
              failures.push(`${error.failure}: ${error.message}`);
            },
          );
        return last;
      });
      for (let n = 0; n < TIMES; n++, await sleep(500)) await handOver();
      running = false;
      const last = await Promise.all(written);
      assert.deepEqual(failures, []);
      for (const [client, pool] of pools.entries()) {
        const n = last[client] ?? 0;
        assert.ok(n > TIMES * 2, `${n} writes are enough to tell`);
        const found = await pool.open(tenant.address).get(`client:${client}`);
        assert.ok(found?.value.equals(valueAt(n)), `client ${client}, write ${n}`);
        await pool.close();
      }
    });
  });
