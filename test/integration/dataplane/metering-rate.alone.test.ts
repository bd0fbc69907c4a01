import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerMeter } from '../../../dataplane/metering/meter.ts';
import type { Account, Meter } from '../../../dataplane/metering/port.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { account, addressOf, call, nothing, openMeter, pace } from './meters.ts';

/** How long a rate is measured, after the burst. */
const SECONDS = 10;

describe('rate limits of several replicas, and what they cost the ledger', () => {
  let redis: TenantRedis;
  const meters: LedgerMeter[] = [];
  before(async () => {
    redis = await startTenantRedis('8.0');
  });
  after(() => redis.stop());
  afterEach(async () => {
    await Promise.all(meters.splice(0).map((meter) => meter.close()));
  });
  const open = (count: number): LedgerMeter[] => {
    const opened = Array.from({ length: count }, () => openMeter(addressOf(redis)));
    meters.push(...opened);
    return opened;
  };

  const cases: { name: string; rps: number; burst?: number; demands: number[] }[] = [
    { name: 'two replicas under threefold load', rps: 1000, demands: [1500, 1500] },
    { name: 'three replicas under threefold load', rps: 1000, demands: [1000, 1000, 1000] },
    { name: 'three replicas under uneven load', rps: 500, demands: [1000, 100, 20] },
    { name: 'one of three replicas under load', rps: 200, demands: [400, 1, 0] },
    { name: 'three replicas and a small limit', rps: 20, demands: [30, 30, 30] },
    { name: 'three replicas and hardly a burst', rps: 300, burst: 1, demands: [400, 400, 400] },
    { name: 'two replicas at one and a half times the limit', rps: 400, demands: [300, 300] },
  ];

  test('over ten seconds of overload the rate is within 5 % of the limit, however the load falls on replicas', async (t) => {
    const replicas = open(3);
    const measured = await Promise.all(
      cases.map(async ({ name, rps, burst, demands }, index) => {
        const of = account(`rate-${index}`, { requestsPerSecond: rps, ...(burst && { burst }) });
        let allowed = 0;
        const load = Promise.all(
          demands.map((demand, replica) =>
            pace(demand, SECONDS + 3.5, () =>
              request(replicas[replica] as Meter, of, (yes) => {
                if (yes) allowed++;
              }),
            ),
          ),
        );
        await sleep(3000);
        const [before, start] = [allowed, performance.now()];
        await sleep(SECONDS * 1000);
        const rate = ((allowed - before) * 1000) / (performance.now() - start);
        await load;
        return { name, rps, rate };
      }),
    );
    for (const { name, rps, rate } of measured) t.diagnostic(`${name}: ${rate.toFixed(1)} of ${rps} per second`);
    for (const { name, rps, rate } of measured) {
      assert.ok(rate >= rps * 0.95 && rate <= rps * 1.05, `${name}: ${rate.toFixed(1)} of ${rps}`);
    }
  });

  test('below the limit no request is refused, even where all of it falls on one replica', async () => {
    const [one, other] = open(2) as [LedgerMeter, LedgerMeter];
    const of = account('below', { requestsPerSecond: 500, burst: 100 });
    let refused = 0;
    const count = (yes: boolean) => {
      if (!yes) refused++;
    };
    await Promise.all([pace(440, 4, () => request(one, of, count)), pace(10, 4, () => request(other, of, count))]);
    assert.equal(refused, 0);
  });

  test('a burst is allowed at once, and no more than it', async () => {
    const [one, other] = open(2) as [LedgerMeter, LedgerMeter];
    const of = account('burst', { requestsPerSecond: 10, burst: 300 });
    const permits = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => (index % 2 === 0 ? one : other).permit(of)),
    );
    const allowed = permits.filter((permit) => permit?.allowed).length;
    assert.ok(allowed >= 299 && allowed <= 303, String(allowed));
    const refused = await one.permit(of);
    assert.deepEqual(refused, { allowed: false, limit: 10, remaining: 0, resetSeconds: 30, retryAfterSeconds: 1 });
  });

  test('a limit that is raised or removed takes effect with the next request', async () => {
    const [meter] = open(1) as [LedgerMeter];
    const limit = (rps: number) => account('changing', { requestsPerSecond: rps, burst: rps });
    await Promise.all(Array.from({ length: 20 }, () => meter.permit(limit(5))));
    assert.equal((await meter.permit(limit(5)))?.allowed, false);
    const raised = limit(1000);
    await sleep(20);
    assert.deepEqual([(await meter.permit(raised))?.allowed, (await meter.permit(raised))?.limit], [true, 1000]);
    assert.equal(await meter.permit(account('changing')), undefined);
  });

  test('at load the ledger is sent less than one command per hundred requests, both limits on', async (t) => {
    const replicas = open(2);
    for (const [demand, most] of [
      [500, 0.08],
      [4000, 0.01],
    ] as const) {
      const of = account(`calls-${demand}`, { requestsPerSecond: 20_000, nanoTokensPerMonth: 10n ** 14n });
      const load = () =>
        Promise.all(
          replicas.map((meter) =>
            pace(demand, 4, async () => {
              await request(meter, of, (yes) => assert.ok(yes));
              await call(meter, of, { get: 1 }, outcome);
            }),
          ),
        );
      const outcome = nothing();
      await load();
      const before = sum(replicas);
      outcome.calls = 0;
      await load();
      const after = sum(replicas);
      const commands = (after.commands - before.commands) / outcome.calls;
      const exchanges = (after.exchanges - before.exchanges) / outcome.calls;
      t.diagnostic(
        `${demand} requests per second and replica: per 100 requests ${(exchanges * 100).toFixed(2)} exchanges of two round trips, ${(commands * 100).toFixed(2)} commands`,
      );
      assert.ok(commands <= most && exchanges <= 0.01, `${commands} commands, ${exchanges} exchanges per request`);
    }
  });

  test('refused requests cost the ledger no more than allowed ones', async (t) => {
    const replicas = open(2);
    const of = account('refused', { requestsPerSecond: 100, nanoTokensPerMonth: 800n });
    let requests = 0;
    const load = () =>
      Promise.all(
        replicas.map((meter) =>
          pace(3000, 4, async () => {
            requests++;
            await request(meter, of, () => {});
            await call(meter, of, { get: 1 }, nothing());
          }),
        ),
      );
    await load();
    const before = sum(replicas);
    requests = 0;
    await load();
    const exchanges = (sum(replicas).exchanges - before.exchanges) / requests;
    t.diagnostic(`per 100 requests ${(exchanges * 100).toFixed(2)} exchanges`);
    assert.ok(exchanges <= 0.01, String(exchanges));
  });
});

function request(meter: Meter, of: Account, then: (allowed: boolean) => void): Promise<void> | undefined {
  const permit = meter.permit(of);
  if (permit instanceof Promise) return permit.then((late) => then(late?.allowed ?? true));
  then(permit?.allowed ?? true);
  return undefined;
}

function sum(meters: readonly LedgerMeter[]): { exchanges: number; commands: number } {
  const figures = meters.map((meter) => meter.figures());
  return {
    exchanges: figures.reduce((total, { exchanges }) => total + exchanges, 0),
    commands: figures.reduce((total, { commands }) => total + commands, 0),
  };
}
