import { type Bucket, takePermits } from '../limits/bucket.ts';
import { historySlots, monthsOf, pointOf, slotsOf } from './history.ts';
import type { Answers, Asks, Ledger } from './ledger-port.ts';
import { type AccountRecord, createRecord, settle } from './record.ts';
import { add, createTally, type Tally } from './tally.ts';

/** A ledger in this process's memory: for one replica alone, and for tests of several. `now` is in ms since 1970. */
export function createMemoryLedger(now: () => number): Ledger {
  const accounts = new Map<string, AccountRecord>();
  const buckets = new Map<string, Bucket>();
  const past = new Map<string, Tally>();
  let commands = 0;
  return {
    time: async () => now(),
    async exchange({ accounts: asks, permits, histories }: Asks): Promise<Answers> {
      commands++;
      const time = now();
      return {
        time,
        accounts: asks.map((ask) => {
          const key = `${ask.project}:${ask.period}`;
          const record = accounts.get(key) ?? createRecord();
          accounts.set(key, record);
          const { changed: _, moved, ...answer } = settle(record, ask, Math.floor(time / 1000));
          if (moved) {
            for (const { key } of slotsOf(ask.project, moved)) {
              const tally = past.get(key) ?? createTally();
              add(tally, moved.spent);
              past.set(key, tally);
            }
          }
          return { ...answer, spent: structuredClone(answer.spent) };
        }),
        permits: permits.map((ask) => {
          const { bucket, granted } = takePermits(buckets.get(ask.project), ask.limit, ask, time);
          buckets.set(ask.project, bucket);
          return { granted, bucket };
        }),
        histories: histories.map(({ project, resolution }) => {
          const slots = historySlots(project, resolution, time);
          const recents = monthsOf(slots).flatMap((month) => accounts.get(`${project}:${month}`)?.recent ?? []);
          return slots.map((slot) => pointOf(slot, past.get(slot.key) ?? createTally(), recents));
        }),
      };
    },
    get commands() {
      return commands;
    },
    close() {},
  };
}
