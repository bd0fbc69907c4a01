import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreError } from '../../../dataplane/store/port.ts';
import { startTenantReplicated, type TenantReplicated } from '../../contract/tenant-replicated.ts';
import { seeMembers } from './seen-members.ts';

/** Far beyond what is allowed in a pod, on a machine that does much else. */
const LIMIT_MS = 60_000;

for (const version of ['7.0', '8.0'] as const)
  describe(`Redis ${version}: a member that is stopped`, () => {
    let tenant: TenantReplicated;
    before(async () => {
      tenant = await startTenantReplicated({ version });
    });
    after(() => tenant.stop());

    /** What a kubelet does with a pod: the Sentinel gets its signal at once, and the Redis when it has handed over. */
    async function stop(ordinal: number): Promise<void> {
      const { sentinel, redis, handOver } = tenant.members[ordinal] ?? assert.fail();
      await Promise.all([sentinel.stop(), handOver()]);
      await redis.stop();
    }

    function start(ordinal: number): void {
      tenant.members[ordinal]?.sentinel.start();
      tenant.members[ordinal]?.redis.start();
    }

    test('its primary hands over first: nothing that is asked meanwhile fails, and each write is applied once', async () => {
      const { pool } = tenant.pool();
      const [store, durable] = [pool.open(tenant.address), pool.open(tenant.address).durable?.(2)];
      let running = true;
      const failures: string[] = [];
      const note = (error: StoreError) => {
        failures.push(`${error.failure}: ${error.message}`);
      };
      const clients = Array.from({ length: 8 }, async (_, client) => {
        let sum = 0;
        const count = () => {
          sum++;
        };
        for (; running; await sleep(5)) {
          await (client % 2 === 0 ? store : durable)?.increment(`counter:${client}`, 1).then(count, note);
          await store.get(`counter:${client}`).catch(note);
        }
        return sum;
      });
      for (let n = 0; n < 2; n++) {
        const old = await tenant.primary(2);
        await sleep(11_000); // a Sentinel asks replicas every ten seconds whether they may take its place
        await stop(old);
        const next = await tenant.primary(0, old);
        assert.notEqual(next, old);
        start(old);
        await tenant.primary(2, old);
      }
      running = false;
      const sums = await Promise.all(clients);
      assert.deepEqual(failures, []);
      for (const [client, sum] of sums.entries()) {
        assert.ok(sum > 100, `${sum} writes are enough to tell`);
        assert.equal(Number((await store.get(`counter:${client}`))?.value), sum);
      }
      await pool.close();
    });

    test('a replica, one without the others, and all at once just stop, and come back with the data', async () => {
      const { pool } = tenant.pool();
      const store = pool.open(tenant.address);
      await store.durable?.(3).set('kept', Buffer.from('"value"'));
      const primary = await tenant.primary(2);
      const [replica = 0, other = 0] = tenant.members.map(({ ordinal }) => ordinal).filter((n) => n !== primary);
      const begun = performance.now();
      await stop(replica);
      assert.equal(await tenant.primary(1), primary);
      await Promise.all([tenant.members[other]?.redis.kill(), tenant.members[other]?.sentinel.kill()]);
      await stop(primary);
      for (const { ordinal } of tenant.members) start(ordinal);
      await tenant.primary(2);
      await Promise.all(tenant.members.map(({ ordinal }) => stop(ordinal)));
      assert.ok(performance.now() - begun < LIMIT_MS);
      for (const { ordinal } of tenant.members) start(ordinal);
      await tenant.primary(2);
      assert.equal(String((await store.get('kept'))?.value), '"value"');
      const { members, close } = await seeMembers(tenant);
      close();
      assert.equal(members.filter(({ redis }) => redis && 'look' in redis).length, 3);
      await pool.close();
    });
  });
