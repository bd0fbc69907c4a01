import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerMeter, MeterOptions } from '../../../dataplane/metering/meter.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { account, addressOf, assertHistoryMatches, call, nothing, openMeter, pace, recordsOf } from './meters.ts';
import { startProxy } from './proxy.ts';

/** The issue asks for 60; the routine run takes less, since nothing in it depends on how long it lasts. */
const OUTAGE_SECONDS = Number(process.env.CUBBY_TEST_OUTAGE_SECONDS ?? 5);
const GET = { get: 1 };

describe('a ledger that is away', () => {
  let redis: TenantRedis;
  const cleanups: (() => unknown)[] = [];
  before(async () => {
    redis = await startTenantRedis('8.0', ['--appendonly', 'yes', '--appendfsync', 'always']);
  });
  after(() => redis.stop());
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  const open = (options?: Partial<MeterOptions>, port?: number): LedgerMeter => {
    const meter = openMeter(addressOf(redis, port), options);
    cleanups.push(() => meter.close());
    return meter;
  };

  test(`for ${OUTAGE_SECONDS} s costs no call and no count: afterwards the usage is what the clients counted`, async (t) => {
    const events: string[] = [];
    const options = { report: ({ event }: { event: string }) => events.push(event) };
    const replicas = [open(options), open(options)];
    const of = account('outage', { nanoTokensPerMonth: 10n ** 11n, requestsPerSecond: 2000 });
    const outcome = nothing();
    let refused = 0;
    const load = replicas.map((meter) =>
      pace(500, OUTAGE_SECONDS + 3, async () => {
        if ((await meter.permit(of))?.allowed === false) refused++;
        await call(meter, of, GET, outcome);
      }),
    );
    await sleep(1000);
    await redis.server.kill();
    await sleep(OUTAGE_SECONDS * 1000);
    assert.ok(replicas.every((meter) => !meter.figures().ledgerUp && meter.figures().overdraft > 0));
    const overdraft = Math.max(...replicas.map((meter) => meter.figures().overdraft));
    await redis.server.restart();
    await Promise.all(load);
    assert.ok(outcome.calls >= (OUTAGE_SECONDS + 3) * 1000 - 2);
    assert.deepEqual([outcome.refused, refused], [0, 0]);
    t.diagnostic(`overdraft ${overdraft} nano-tokens, slowest answer ${outcome.slowestMs.toFixed(0)} ms`);
    await sleep(1500);
    const usage = await replicas[0]?.usage(of);
    assert.equal(usage?.used, BigInt(outcome.charged));
    assert.equal(usage?.operations.get.count, BigInt(outcome.calls));
    await assertHistoryMatches(replicas[0] as LedgerMeter, of);
    assert.deepEqual(
      replicas.map((meter) => [meter.figures().ledgerUp, meter.figures().overdraft]),
      [
        [true, 0],
        [true, 0],
      ],
    );
    assert.deepEqual(events.sort(), ['ledger-away', 'ledger-away', 'ledger-back', 'ledger-back']);
  });

  test('replies that are lost are made up for by repetition, and every call is counted once', async () => {
    const proxies = await Promise.all([startProxy(redis.server.port), startProxy(redis.server.port)]);
    for (const proxy of proxies) cleanups.push(() => proxy.close());
    const replicas = proxies.map((proxy) => open({}, proxy.port));
    const of = account('lossy', { nanoTokensPerMonth: 10n ** 11n });
    const outcome = nothing();
    let cuts = 0;
    const cutting = setInterval(() => {
      for (const proxy of proxies) proxy.cutAfterNextRequest();
      cuts++;
    }, 70);
    await Promise.all(replicas.map((meter) => pace(1500, 4, () => call(meter, of, { get: 1, set: 1 }, outcome))));
    clearInterval(cutting);
    await sleep(1500);
    assert.ok(cuts > 30 && proxies.every((proxy) => proxy.accepted() > 8), String(proxies.map((p) => p.accepted())));
    assert.equal(outcome.refused, 0);
    await Promise.all(replicas.map((meter) => meter.close()));
    const [record] = await recordsOf(redis, 'lossy');
    assert.equal(record?.spent.charged, outcome.charged);
    assert.equal(record?.spent.operations.get.count, outcome.calls);
    await assertHistoryMatches(open(), of);
    assert.ok(Object.values(record?.holders ?? {}).every(({ lease }) => lease === 0));
  });

  test('a budget that ends while replies are lost is not passed by more than the overdraft of each replica', async (t) => {
    const proxies = await Promise.all([startProxy(redis.server.port), startProxy(redis.server.port)]);
    for (const proxy of proxies) cleanups.push(() => proxy.close());
    const overdraft = 80_000;
    const replicas = proxies.map((proxy) => open({ overdraft }, proxy.port));
    const of = account('ends-lossy', { nanoTokensPerMonth: 4_000_000n });
    const outcome = nothing();
    const cutting = setInterval(() => {
      for (const proxy of proxies) proxy.cutAfterNextRequest();
    }, 300);
    await Promise.all(replicas.map((meter) => pace(1500, 4, () => call(meter, of, GET, outcome))));
    clearInterval(cutting);
    t.diagnostic(`${outcome.charged} of 4000000 nano-tokens`);
    assert.ok(outcome.charged >= 4_000_000 - 800 && outcome.charged <= 4_000_000 + 2 * overdraft);
    await Promise.all(replicas.map((meter) => meter.close()));
    const [record] = await recordsOf(redis, 'ends-lossy');
    assert.equal(record?.spent.charged, outcome.charged);
  });

  test('a ledger that hangs holds a call up for no longer than its time limit, and only the first ones', async () => {
    const proxy = await startProxy(redis.server.port);
    cleanups.push(() => proxy.close());
    const meter = open({}, proxy.port);
    const of = account('hanging', { nanoTokensPerMonth: 10n ** 11n, requestsPerSecond: 5000 });
    await meter.permit(of);
    proxy.swallow = true;
    const outcome = nothing();
    await pace(500, 3, async () => {
      assert.ok((await meter.permit(of))?.allowed);
      await call(meter, of, GET, outcome);
    });
    assert.equal(outcome.refused, 0);
    assert.ok(outcome.slowestMs < 800, `${outcome.slowestMs} ms`);
    assert.equal(meter.figures().ledgerUp, false);
    proxy.swallow = false;
    await sleep(1500);
    assert.equal((await meter.usage(of)).used, BigInt(outcome.charged));
  });

  test('the overdraft is bounded: by its own size, and by what was left when the ledger was last heard', async () => {
    const nowhere = open({ overdraft: 8000 }, 1);
    const generous = account('unheard', { nanoTokensPerMonth: 10n ** 12n });
    const small = account('small', { nanoTokensPerMonth: 2400n });
    const count = async (meter: LedgerMeter, of: typeof small) => {
      const outcome = nothing();
      for (let calls = 0; calls < 50; calls++) await call(meter, of, GET, outcome);
      return outcome.covered;
    };
    assert.equal(await count(nowhere, generous), 10);
    assert.equal(await count(nowhere, small), 3);
    const proxy = await startProxy(redis.server.port);
    cleanups.push(() => proxy.close());
    const meter = open({ overdraft: 10 ** 9 }, proxy.port);
    const left = account('heard', { nanoTokensPerMonth: 16_000n });
    assert.equal(await count(meter, left), 20);
    proxy.close();
    assert.equal(await count(meter, left), 0);
  });

  test('a replica that starts while the ledger is away serves, and settles when it is there', async () => {
    await redis.server.kill();
    const meter = open();
    const of = account('early', { nanoTokensPerMonth: 10n ** 10n, requestsPerSecond: 100 });
    const outcome = nothing();
    await pace(50, 1, async () => {
      assert.ok((await meter.permit(of))?.allowed);
      await call(meter, of, GET, outcome);
    });
    await assert.rejects(meter.usage(of), { name: 'LedgerError' });
    assert.equal(outcome.covered, 50);
    await redis.server.restart();
    await sleep(1500);
    assert.equal((await meter.usage(of)).used, 40_000n);
  });

  test('a record that is none is left alone, and its project is served within the overdraft', async () => {
    const meter = open({ overdraft: 4000 });
    const of = account('garbled', { nanoTokensPerMonth: 10n ** 10n });
    const fine = account('fine', { nanoTokensPerMonth: 10n ** 10n });
    const month = new Date().toISOString().slice(0, 7);
    await redis.admin().set(`account:garbled:${month}`, 'not a record');
    const [garbled, other] = [nothing(), nothing()];
    for (let calls = 0; calls < 20; calls++) {
      await call(meter, of, GET, garbled);
      await call(meter, fine, GET, other);
    }
    assert.deepEqual([garbled.covered, other.covered], [5, 20]);
    assert.equal(await redis.admin().get(`account:garbled:${month}`), 'not a record');
  });
});
