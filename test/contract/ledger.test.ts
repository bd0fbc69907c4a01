import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createRedisLedger } from '../../dataplane/metering/ledger.ts';
import type { Ledger } from '../../dataplane/metering/ledger-port.ts';
import { createMemoryLedger } from '../../dataplane/metering/memory-ledger.ts';
import { periodAt } from '../../dataplane/metering/period.ts';
import { Connection } from '../../dataplane/store/resp/connection.ts';
import { history, ledgerContract, spend } from './ledger.ts';
import { startTenantRedis, type TenantRedis } from './tenant-redis.ts';

describe('the ledger in memory', () => {
  // Several that are opened share one memory, and the clock of the one that was opened last.
  let clock = Date.now;
  const ledger = createMemoryLedger(() => clock());
  ledgerContract((now) => {
    clock = now;
    return ledger;
  });
});

for (const version of ['7.0', '8.0'] as const) {
  describe(`the ledger in Redis ${version}`, () => {
    let redis: TenantRedis;
    const opened: Ledger[] = [];
    before(async () => {
      redis = await startTenantRedis(version);
    });
    after(async () => {
      for (const ledger of opened) ledger.close();
      await redis.stop();
    });
    const open = (now: () => number = Date.now): Ledger => {
      const ledger = createRedisLedger(() =>
        withClock(
          new Connection({
            ...redis.address,
            username: 'dataplane',
            password: redis.password,
            connectTimeoutMs: 500,
            commandTimeoutMs: 2000,
          }),
          now,
        ),
      );
      opened.push(ledger);
      return ledger;
    };

    ledgerContract(open);

    test('a history costs no command but in the first exchange of an hour, and then six', async () => {
      let time = Date.UTC(2026, 10, 22, 12);
      const ledger = open(() => time);
      const period = periodAt(time);
      const costs = async (seq: number) => {
        const before = ledger.commands;
        await spend(ledger, { project: 'cost', period, seq }, { get: 1 });
        return ledger.commands - before;
      };
      // WATCH, MGET, TIME, MULTI, SET, EXEC.
      assert.deepEqual([await costs(1), await costs(2)], [6, 6]);
      time += 3_600_000;
      // UNWATCH, WATCH, MGET, TIME, and a SET for the hour and for the day.
      assert.deepEqual([await costs(3), await costs(4)], [12, 6]);
    });

    test('what stands in the place of a count and is none is replaced by one', async () => {
      let time = Date.UTC(2026, 10, 22, 12);
      const ledger = open(() => time);
      const admin = redis.admin();
      await admin.set('day:planted:2026-11-22', '{"x":1}');
      await spend(ledger, { project: 'planted' }, { get: 2 });
      time += 3_600_000;
      await spend(ledger, { project: 'planted', seq: 2 }, { get: 1 });
      assert.equal(await admin.get('day:planted:2026-11-22'), '2 0 0 0 0 1600 0 0 0 0');
      assert.equal((await history(ledger, 'planted', 'day')).at(-1)?.counts.get, 3);
    });

    test('a thousand projects with full histories take no more than 16 MiB', async (t) => {
      const admin = redis.admin();
      const used = async () => Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
      const start = await used();
      const write = admin.pipeline();
      for (let project = 0; project < 1000; project++) {
        for (let hour = 0; hour < 25; hour++) {
          write.set(`hour:tenant-of-some-name.${project}:2026-11-${10 + hour}T13`, counts(9e4), 'EX', 25 * 3600);
        }
        for (let day = 0; day < 32; day++) {
          write.set(`day:tenant-of-some-name.${project}:2026-11-${10 + day}`, counts(2e6), 'EX', 32 * 86_400);
        }
      }
      await write.exec();
      const bytes = (await used()) - start;
      t.diagnostic(`${(bytes / 2 ** 20).toFixed(1)} MiB for 1,000 projects`);
      assert.ok(bytes < 16 * 2 ** 20, String(bytes));
    });
  });
}

/** What one hour or day says of so many calls. */
function counts(calls: number): string {
  return `${calls} ${calls} 0 ${calls} 0 ${calls * 800} ${calls * 5300} 0 ${calls * 5300} 0`;
}

/** The connection to a Redis whose TIME is another. */
function withClock(connection: Connection, now: () => number): Connection {
  const send = connection.send.bind(connection);
  connection.send = async (command) => {
    const reply = await send(command);
    return command[0] === 'TIME' ? [String(Math.floor(now() / 1000)), String((now() % 1000) * 1000)] : reply;
  };
  return connection;
}
