import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createRedisLedger } from '../../dataplane/metering/ledger.ts';
import type { Ledger } from '../../dataplane/metering/ledger-port.ts';
import { createMemoryLedger } from '../../dataplane/metering/memory-ledger.ts';
import { periodAt } from '../../dataplane/metering/period.ts';
import { Connection } from '../../dataplane/store/resp/connection.ts';
import { ledgerContract, spend } from './ledger.ts';
import { startTenantRedis, type TenantRedis } from './tenant-redis.ts';

describe('the ledger in memory', () => {
  const ledger = createMemoryLedger(Date.now);
  ledgerContract(() => ledger);
});

for (const version of ['7.0', '8.0'] as const) {
  describe(`the ledger in Redis ${version}`, () => {
    let redis: TenantRedis;
    let ledger: Ledger;
    before(async () => {
      redis = await startTenantRedis(version);
      ledger = createRedisLedger(connect);
    });
    after(async () => {
      ledger.close();
      await redis.stop();
    });
    const connect = () =>
      new Connection({
        ...redis.address,
        username: 'dataplane',
        password: redis.password,
        connectTimeoutMs: 500,
        commandTimeoutMs: 500,
      });

    ledgerContract(() => ledger);

    test('a charge costs two commands more than the account, and telling nothing costs none', async () => {
      const before = ledger.commands;
      await spend(ledger, { project: 'cost' }, { get: 1 });
      const charged = ledger.commands;
      await spend(ledger, { project: 'cost', seq: 2 }, {});
      const told = ledger.commands;
      // WATCH, MGET, TIME, MULTI, SET, EXEC; and a TIME before, by which `spend` knows the month.
      assert.deepEqual([charged - before, told - charged], [9, 7]);
    });

    test('the hour is that of the exchange, also when it began since the ledger last told the time', async () => {
      const hour = 3_600_000;
      const noon = Date.UTC(2026, 10, 22, 12);
      const period = periodAt(noon);
      let time = noon - 1;
      const open = () => createRedisLedger(() => withClock(connect(), () => time));
      const [shifted, other] = [open(), open()];
      await spend(shifted, { project: 'rollover', period }, { get: 2 });
      time = noon;
      await spend(other, { project: 'rollover', period, replica: 'b' }, { get: 1 });
      await spend(shifted, { project: 'rollover', period, seq: 2 }, { get: 3 });
      const { histories } = await shifted.exchange({
        accounts: [],
        permits: [],
        histories: [{ project: 'rollover', resolution: 'hour' }],
      });
      const [last, current] = histories[0]?.slice(-2) ?? [];
      assert.deepEqual([last?.start, last?.counts.get], [noon - hour, 2]);
      assert.deepEqual([current?.start, current?.counts.get], [noon, 4]);
      shifted.close();
      other.close();
    });

    test('what stands in the place of a count and is none is replaced by one', async () => {
      const admin = redis.admin();
      const day = new Date().toISOString().slice(0, 10);
      await admin.set(`day:planted:${day}`, '{"x":1}');
      await spend(ledger, { project: 'planted' }, { get: 2 });
      assert.equal(await admin.get(`day:planted:${day}`), '2 0 0 0 0 1600 0 0 0 0');
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
