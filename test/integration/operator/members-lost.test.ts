import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findSuccession, maintainSuccession } from '../../../operator/reconcile/succession.ts';
import { startTenantReplicated, type TenantReplicated } from '../../contract/tenant-replicated.ts';
import { observed, plan, store } from '../../unit/operator/objects.ts';
import { eventually } from '../eventually.ts';
import { seeMembers } from './seen-members.ts';

const LIMIT_MS = 60_000;

for (const version of ['7.0', '8.0'] as const)
  describe(`Redis ${version}: the primary's volume is lost, and all members are restarted`, () => {
    let tenant: TenantReplicated;
    before(async () => {
      tenant = await startTenantReplicated({ version });
    });
    after(() => tenant.stop());

    /** The store as the operator sees it, but for the minute that it gives a lost primary. */
    async function look() {
      const { members, close } = await seeMembers(tenant);
      for (const { redis } of members) if (redis && 'look' in redis) redis.look.info.uptimeSeconds += 3_600;
      const object = store({ replicas: 3 }, { topology: { mode: 'Replicated', members: 3 } });
      const accepted = { ...plan().accepted, replicated: true as const };
      return { snapshot: observed({ store: object, accepted, members }), close };
    }

    async function restartAllWithoutDataOf(lost: number): Promise<void> {
      const all = tenant.members.flatMap(({ redis, sentinel }) => [redis, sentinel]);
      await Promise.all(all.map((each) => each.kill()));
      await tenant.members[lost]?.wipe();
      for (const each of all) each.start();
    }

    test('nobody becomes the primary by itself, and the operator lets the one with the newest data', async () => {
      const { pool } = tenant.pool();
      const client = pool.open(tenant.address);
      const old = await tenant.primary(2);
      const [behind, ahead] = tenant.members.map(({ ordinal }) => ordinal).filter((ordinal) => ordinal !== old);
      assert.ok(behind !== undefined && ahead !== undefined);
      await client.durable?.(3).set('everywhere', Buffer.from('"1"'));
      await sleep(1_500); // the log is written every second, the position twice
      const pid = tenant.members[behind]?.redis.pid() ?? 0;
      process.kill(-pid, 'SIGSTOP');
      for (let i = 0; i < 100; i++) await client.durable?.(2).set('newest', Buffer.from(`"${i}"`));
      await sleep(1_500);
      await restartAllWithoutDataOf(old);

      let found: ReturnType<typeof findSuccession>;
      await eventually('both replicas wait for a primary that does not come', LIMIT_MS, async () => {
        const { snapshot, close } = await look();
        close();
        found = findSuccession(snapshot);
        return found !== undefined && ('successor' in found || found.positions.length === 2);
      });
      await sleep(12_000);
      const { snapshot, close } = await look();
      try {
        found = findSuccession(snapshot);
        assert.ok(found && 'successor' in found, JSON.stringify(found));
        assert.equal(found.successor.ordinal, ahead);
        const replication = { addresses: [], passwords: {} } as never;
        const context = { events: { record: () => {} } as never, now: () => new Date() };
        assert.equal(await maintainSuccession(context, { replication }, snapshot), true);
      } finally {
        close();
      }
      assert.equal(await tenant.primary(2), ahead);
      assert.equal(String((await client.get('newest'))?.value), '"99"');
      assert.equal(String((await client.get('everywhere'))?.value), '"1"');
      await pool.close();
    });
  });
