import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountAsk, Ledger } from '../../dataplane/metering/ledger-port.ts';
import { periodAt, periodStart } from '../../dataplane/metering/period.ts';
import type { Counts, HistoryPoint, Resolution } from '../../dataplane/metering/port.ts';
import { count, createTally, type Tally } from '../../dataplane/metering/tally.ts';

const prices = { get: 800, set: 5300, delete: 5300, increment: 5300, scan: 5000 };

/** A replica tells a ledger what it ran; without `period`, in the current one, for which the time is asked. */
export async function spend(
  ledger: Ledger,
  fields: Partial<AccountAsk> & { project: string },
  ran: Counts,
): Promise<void> {
  const spent = createTally();
  count(spent, ran, prices);
  const none = { keep: 0, want: 0, need: 0, least: 0, budget: Infinity };
  const period = fields.period ?? periodAt(await ledger.time());
  const ask: AccountAsk = { period, replica: 'a', seq: 1, spent, ...none, ...fields };
  await ledger.exchange({ accounts: [ask], permits: [], histories: [] });
}

/** What every ledger keeps of a project's past. */
export function ledgerContract(open: () => Ledger): void {
  async function read(ledger: Ledger, project: string, resolution: Resolution): Promise<HistoryPoint[]> {
    const { histories } = await ledger.exchange({ accounts: [], permits: [], histories: [{ project, resolution }] });
    return histories[0] ?? [];
  }

  test('a project that nothing is known of has a history of zeros that ends now', async () => {
    const ledger = open();
    const time = await ledger.time();
    for (const [resolution, points, ms] of [
      ['hour', 24, 3_600_000],
      ['day', 31, 86_400_000],
    ] as const) {
      const history = await read(ledger, 'unknown', resolution);
      assert.equal(history.length, points);
      assert.ok(time - (history.at(-1)?.start ?? 0) < ms);
      for (const [index, point] of history.entries()) {
        assert.deepEqual(point, {
          start: (history[0]?.start ?? 0) + index * ms,
          charged: 0,
          counts: { get: 0, set: 0, delete: 0, increment: 0, scan: 0 },
        });
      }
    }
  });

  test('what replicas tell adds up in the current hour and day, and a repeated ask is counted once', async () => {
    const ledger = open();
    const project = 'counted';
    await spend(ledger, { project }, { get: 2, scan: 1 });
    await spend(ledger, { project }, { get: 2, scan: 1 });
    await spend(ledger, { project, replica: 'b' }, { get: 1, set: 4 });
    await spend(ledger, { project, seq: 2 }, {});
    for (const resolution of ['hour', 'day'] as const) {
      const history = await read(ledger, project, resolution);
      const sum = history.reduce((total, { charged }) => total + charged, 0);
      assert.equal(sum, 3 * 800 + 5000 + 4 * 5300);
      // The hour may have ended since.
      const counted = history.findLast(({ charged }) => charged > 0);
      assert.deepEqual(counted?.counts, { get: 3, set: 4, delete: 0, increment: 0, scan: 1 });
    }
  });

  test('an answer has in it what came with the ask, and nothing of another project', async () => {
    const ledger = open();
    const [project, other] = ['mine', 'mine.too'];
    await spend(ledger, { project: other }, { get: 7 });
    const spent: Tally = createTally();
    count(spent, { delete: 1 }, prices);
    const period = periodAt(await ledger.time());
    const ask = { project, period, replica: 'a', seq: 1, spent, keep: 0, want: 0, need: 0, least: 0, budget: 0 };
    const { histories } = await ledger.exchange({
      accounts: [ask],
      permits: [],
      histories: [
        { project, resolution: 'hour' },
        { project, resolution: 'day' },
      ],
    });
    for (const history of histories) assert.equal(history.at(-1)?.charged, 5300);
  });

  test('what is told late of the month before is of its last day', async () => {
    const ledger = open();
    const project = 'late';
    const period = periodAt(await ledger.time());
    await spend(ledger, { project, period: period - 1 }, { get: 5 });
    await spend(ledger, { project, period, seq: 2 }, { get: 1 });
    const days = await read(ledger, project, 'day');
    const before = days.filter(({ start }) => start < periodStart(period));
    const since = days.filter(({ start }) => start >= periodStart(period));
    const gets = (points: HistoryPoint[]) => points.reduce((total, { counts }) => total + counts.get, 0);
    assert.equal(gets(since), 1);
    // On the 31st day of a month, the month before is out of reach.
    if (before.length > 0) assert.deepEqual([gets(before), before.at(-1)?.counts.get], [5, 5]);
  });
}
