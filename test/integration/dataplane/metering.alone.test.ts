import assert from 'node:assert/strict';
import { after, afterEach, before, describe, mock, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from '../../../dataplane/metering/ledger-port.ts';
import type { LedgerMeter, MeterOptions } from '../../../dataplane/metering/meter.ts';
import { periodAt, periodStart } from '../../../dataplane/metering/period.ts';
import type { Account } from '../../../dataplane/metering/port.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import {
  account,
  addressOf,
  assertHistoryMatches,
  call,
  nothing,
  openLedger,
  openMeter,
  pace,
  recordsOf,
} from './meters.ts';

const GET = { get: 1 };
const SET = { set: 1 };

for (const version of ['7.0', '8.0'] as const) {
  describe(`budgets of several replicas over a ledger in Redis ${version}`, () => {
    let redis: TenantRedis;
    const meters: LedgerMeter[] = [];
    before(async () => {
      redis = await startTenantRedis(version);
    });
    after(() => redis.stop());
    afterEach(async () => {
      await Promise.all(meters.splice(0).map((meter) => meter.close()));
    });
    const open = (options?: Partial<MeterOptions>): LedgerMeter => {
      const meter = openMeter(addressOf(redis), options);
      meters.push(meter);
      return meter;
    };

    test('three replicas under uneven load spend a budget to the last call, and never more', async (t) => {
      const of = account('uneven', { nanoTokensPerMonth: 20_000_000n });
      const outcome = nothing();
      const rates = [4000, 1000, 30];
      const replicas = rates.map(() => open());
      await Promise.all(
        replicas.map((meter, index) => pace(rates[index] ?? 0, 8, () => call(meter, of, GET, outcome))),
      );
      t.diagnostic(`${outcome.covered} of ${outcome.calls} calls covered, slowest answer ${outcome.slowestMs | 0} ms`);
      assert.ok(outcome.calls > 35_000);
      assert.equal(outcome.charged, 20_000_000);
      assert.ok(outcome.coveredLate <= 20, `${outcome.coveredLate} calls covered after the first that was not`);
    });

    test('with prices that do not divide the budget, less than the cheapest call is left, and 402 stays 402', async () => {
      const of = account('mixed', { nanoTokensPerMonth: 9_999_999n });
      const replicas = [open(), open(), open()];
      const gets = nothing();
      const sets = nothing();
      await Promise.all(
        replicas.flatMap((meter) => [
          pace(400, 5, () => call(meter, of, GET, gets)),
          pace(400, 5, () => call(meter, of, SET, sets)),
        ]),
      );
      const left = 9_999_999 - gets.charged - sets.charged;
      assert.ok(left >= 0 && left < 800, `${left} left`);
      assert.equal(gets.coveredLate, 0);
      const again = nothing();
      for (const meter of replicas) await pace(200, 1, () => call(meter, of, GET, again));
      assert.equal(again.covered, 0);
    });

    test('what every replica counted is in the usage, per operation, once all have settled', async () => {
      const of = account('usage', { nanoTokensPerMonth: 10n ** 12n });
      const free = account('unlimited');
      const replicas = [open(), open()];
      const outcome = nothing();
      await Promise.all(
        replicas.flatMap((meter) => [
          pace(1000, 2, () => call(meter, of, { get: 1, delete: 2 }, outcome)),
          pace(500, 2, () => call(meter, free, { scan: 1 }, nothing())),
        ]),
      );
      await replicas[1]?.close();
      const [usage, unlimited] = await Promise.all([replicas[0]?.usage(of), replicas[0]?.usage(free)]);
      assert.equal(usage?.used, BigInt(outcome.charged));
      assert.equal(usage?.remaining, 10n ** 12n - BigInt(outcome.charged));
      assert.deepEqual(usage?.operations.get, { count: 4000n, nanoTokens: 3_200_000n });
      assert.deepEqual(usage?.operations.delete, { count: 8000n, nanoTokens: 42_400_000n });
      assert.deepEqual(unlimited?.operations.scan, { count: 2000n, nanoTokens: 10_000_000n });
      assert.equal(unlimited?.budget, undefined);
      for (const account of [of, free]) await assertHistoryMatches(replicas[0] as LedgerMeter, account);
    });

    test('what did not run is given back, and the last of a budget can be had for it', async () => {
      const of = account('returned', { nanoTokensPerMonth: 8000n });
      const meter = open();
      const batch = await meter.reserve(of, { get: 10 });
      assert.deepEqual([batch.covered, batch.remaining], [true, 0]);
      assert.equal((await meter.reserve(of, GET)).covered, false);
      assert.deepEqual(batch.settle({ get: 4 }), { charged: 3200, remaining: 4800 });
      const rest = await meter.reserve(of, { get: 6 });
      assert.deepEqual(rest.settle({ get: 6 }), { charged: 4800, remaining: 0 });
    });

    test('an idle replica gives its lease back within two seconds, and one that closes at once', async () => {
      const of = account('idle', { nanoTokensPerMonth: 10n ** 10n, requestsPerSecond: 1000 });
      const [idle, closing] = [open(), open()];
      for (const meter of [idle, closing]) {
        await meter.permit(of);
        await call(meter, of, GET, nothing());
        assert.ok(meter.figures().leased > 0 && meter.figures().permits > 0);
      }
      await closing.close();
      await sleep(1500);
      assert.deepEqual([idle.figures().leased, idle.figures().permits], [0, 0]);
      const [record] = await recordsOf(redis, 'idle');
      assert.deepEqual(
        Object.values(record?.holders ?? {}).map(({ lease }) => lease),
        [0, 0],
      );
      assert.equal(record?.spent.charged, 1600);
    });

    test('a budget that is raised, lowered, removed or set takes effect with the next call', async () => {
      const meter = open();
      const covers = async (of: Account) => call(meter, of, GET, nothing());
      const limits = (nano: bigint) => account('changing', { nanoTokensPerMonth: nano });
      const low = limits(800n);
      assert.deepEqual([await covers(low), await covers(low)], [true, false]);
      const raised = limits(8000n);
      assert.deepEqual([await covers(raised), await covers(raised)], [true, true]);
      assert.equal(await covers(limits(1600n)), false);
      assert.equal(await covers(account('changing')), true);
      assert.equal(await covers(limits(3200n)), false);
      assert.equal(await covers(limits(10_000n)), true);
    });

    test('a new month brings a new budget, by the clock of the ledger', async () => {
      const of = account('monthly', { nanoTokensPerMonth: 400_000n });
      // The ledger's clock as it will be two seconds before the end of a month.
      const start = Date.now();
      const shift = periodStart(periodAt(start) + 1) - start - 2000;
      const replicas = [open({ ledger: shifted(shift) }), open({ ledger: shifted(shift) })];
      const outcome = nothing();
      await Promise.all(replicas.map((meter) => pace(400, 4, () => call(meter, of, GET, outcome))));
      assert.equal(outcome.charged, 800_000);
      await Promise.all(replicas.map((meter) => meter.close()));
      const spent = (await recordsOf(redis, 'monthly')).map((record) => record.spent.charged);
      assert.deepEqual(spent, [400_000, 400_000]);
    });

    test("the pod's clock is of no matter", async () => {
      const of = account('clock', { nanoTokensPerMonth: 80_000n, requestsPerSecond: 10 });
      const meter = open();
      const outcome = nothing();
      for (let calls = 0; calls < 60; calls++) await call(meter, of, GET, outcome);
      mock.timers.enable({ apis: ['Date'], now: Date.now() + 40 * 86_400_000 });
      try {
        for (let calls = 0; calls < 60; calls++) await call(meter, of, GET, outcome);
        const later = open();
        assert.equal(await call(later, of, GET, outcome), false);
        await later.close();
      } finally {
        mock.timers.reset();
      }
      assert.equal(outcome.charged, 80_000);
    });

    function shifted(ms: number): Ledger {
      const ledger = openLedger(addressOf(redis));
      return {
        time: async () => (await ledger.time()) + ms,
        exchange: async (asks) => {
          const answers = await ledger.exchange(asks);
          return { ...answers, time: answers.time + ms };
        },
        get commands() {
          return ledger.commands;
        },
        close: () => ledger.close(),
      };
    }
  });
}
