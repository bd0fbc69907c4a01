import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { AccountAsk, Ledger } from '../../dataplane/metering/ledger-port.ts';
import { type Period, periodAt, periodStart } from '../../dataplane/metering/period.ts';
import type { Counts, HistoryPoint, Resolution } from '../../dataplane/metering/port.ts';
import { count, createTally } from '../../dataplane/metering/tally.ts';

const prices = { get: 800, set: 5300, delete: 5300, increment: 5300, scan: 5000 };
const MS = { hour: 3_600_000, day: 86_400_000 } as const;
const NOON = Date.UTC(2026, 10, 22, 12, 34, 56);

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

/** What a ledger knows of a project's past. */
export async function history(ledger: Ledger, project: string, resolution: Resolution): Promise<HistoryPoint[]> {
  const ask = nothing(project, periodAt(await ledger.time()));
  const { histories } = await ledger.exchange({ accounts: [ask], permits: [], histories: [{ project, resolution }] });
  return histories[0] ?? [];
}

/** What the account of a month says, in gets. */
async function getsOf(ledger: Ledger, project: string, period: Period): Promise<number> {
  const { accounts } = await ledger.exchange({ accounts: [nothing(project, period)], permits: [], histories: [] });
  return accounts[0]?.spent.operations.get.count ?? 0;
}

let asks = 0;

/** An ask of a replica that has nothing to tell. */
function nothing(project: string, period: Period): AccountAsk {
  const none = { spent: createTally(), keep: 0, want: 0, need: 0, least: 0, budget: Infinity };
  return { project, period, replica: 'reader', seq: ++asks, ...none };
}

/** What every ledger keeps of a project's past. `open` gives one of which the clock shows what `now` says, in ms since 1970. */
export function ledgerContract(open: (now: () => number) => Ledger): void {
  test('a project that nothing is known of has a history of zeros that ends now', async () => {
    const ledger = open(() => NOON);
    for (const [resolution, points] of [
      ['hour', 24],
      ['day', 31],
    ] as const) {
      const found = await history(ledger, 'unknown', resolution);
      const ms = MS[resolution];
      const last = NOON - (NOON % ms);
      assert.deepEqual(
        found,
        Array.from({ length: points }, (_, index) => ({
          start: last - (points - 1 - index) * ms,
          charged: 0,
          counts: { get: 0, set: 0, delete: 0, increment: 0, scan: 0 },
        })),
      );
    }
  });

  test('what replicas tell adds up in the current hour and day, and a repeated ask is counted once', async () => {
    const ledger = open(() => NOON);
    const project = 'counted';
    await spend(ledger, { project }, { get: 2, scan: 1 });
    await spend(ledger, { project }, { get: 2, scan: 1 });
    await spend(ledger, { project, replica: 'b' }, { get: 1, set: 4 });
    await spend(ledger, { project, seq: 2 }, {});
    await spend(ledger, { project: 'counted.too' }, { get: 100 });
    for (const resolution of ['hour', 'day'] as const) {
      const found = await history(ledger, project, resolution);
      const counts = { get: 3, set: 4, delete: 0, increment: 0, scan: 1 };
      assert.deepEqual([found.at(-1)?.charged, found.at(-1)?.counts], [3 * 800 + 5000 + 4 * 5300, counts]);
      assert.equal(
        found.reduce((total, { charged }) => total + charged, 0),
        found.at(-1)?.charged,
      );
    }
  });

  test('an answer has in it what came with the ask', async () => {
    const ledger = open(() => NOON);
    const spent = createTally();
    count(spent, { delete: 1 }, prices);
    const ask = { period: periodAt(NOON), replica: 'a', seq: 1, spent, keep: 0, want: 0, need: 0, least: 0, budget: 0 };
    const { histories } = await ledger.exchange({
      accounts: [{ project: 'mine', ...ask }],
      permits: [],
      histories: [
        { project: 'mine', resolution: 'hour' },
        { project: 'mine', resolution: 'day' },
      ],
    });
    assert.deepEqual(
      histories.map((points) => points.at(-1)?.charged),
      [5300, 5300],
    );
  });

  test('an hour that is over stays where it was, whoever tells of the next one first', async () => {
    let time = NOON;
    const [one, other] = [open(() => time), open(() => time)];
    await spend(one, { project: 'rollover' }, { get: 2 });
    time += MS.hour;
    await spend(other, { project: 'rollover', replica: 'b' }, { get: 1 });
    await spend(one, { project: 'rollover', seq: 2 }, { get: 3 });
    const gets = async () => (await history(one, 'rollover', 'hour')).slice(-3).map(({ counts }) => counts.get);
    assert.deepEqual(await gets(), [0, 2, 4]);
    time += MS.hour;
    assert.deepEqual(await gets(), [2, 4, 0]);
  });

  test('what is told late of the month before is of its last day', async () => {
    const period = periodAt(NOON);
    const ledger = open(() => periodStart(period) + 700);
    await spend(ledger, { project: 'late', period: period - 1 }, { get: 5 });
    await spend(ledger, { project: 'late', period, seq: 2 }, { get: 1 });
    const days = await history(ledger, 'late', 'day');
    assert.deepEqual(
      days.slice(-3).map(({ counts }) => counts.get),
      [0, 5, 1],
    );
  });

  test('over months, each hour and day has what was spent in it, and a month’s days what its account says', async () => {
    let run = 0;
    const step = fc.record({
      // Mostly within the hour, and now and then over days.
      wait: fc.oneof(fc.integer({ min: 0, max: MS.hour }), fc.integer({ min: 0, max: 4 * MS.day })),
      gets: fc.integer({ min: 0, max: 9 }),
      replica: fc.constantFrom('a', 'b'),
      repeated: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), async (steps) => {
        const project = `months-${run++}`;
        let time = Date.UTC(2026, 11, 29);
        const ledger = open(() => time);
        const spent: { time: number; gets: number }[] = [];
        const seqs: Record<string, number> = { a: 0, b: 0 };
        for (const { wait, gets, replica, repeated } of steps) {
          time += wait;
          const seq = (seqs[replica] ?? 0) + 1;
          seqs[replica] = seq;
          for (const _ of repeated ? [1, 2] : [1]) await spend(ledger, { project, replica, seq }, { get: gets });
          spent.push({ time, gets });
        }
        const within = (from: number, to: number) =>
          spent.reduce((sum, one) => sum + (one.time >= from && one.time < to ? one.gets : 0), 0);
        for (const resolution of ['hour', 'day'] as const) {
          for (const { start, counts } of await history(ledger, project, resolution)) {
            assert.equal(counts.get, within(start, start + MS[resolution]), new Date(start).toISOString());
          }
        }
        const days = await history(ledger, project, 'day');
        const month = periodStart(periodAt(time));
        const ofMonth = days.filter(({ start }) => start >= month).reduce((sum, { counts }) => sum + counts.get, 0);
        assert.equal(ofMonth, await getsOf(ledger, project, periodAt(time)));
      }),
      { numRuns: 60 },
    );
  });
}
