import { type Bucket, takePermits } from '../limits/bucket.ts';
import { bookedSlots, historySlots, presentPoint } from './history.ts';
import type { Answers, Asks, Ledger } from './ledger-port.ts';
import { type AccountRecord, createRecord, settle } from './record.ts';
import { add, createTally, type Tally } from './tally.ts';

/** A ledger in this process's memory: for one replica alone, and for tests of several. `now` is in ms since 1970. */
export function createMemoryLedger(now: () => number): Ledger {
  const accounts = new Map<string, AccountRecord>();
  const buckets = new Map<string, Bucket>();
  const spent = new Map<string, Tally>();
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
          const { changed, ...answer } = settle(record, ask, Math.floor(time / 1000));
          for (const { key } of changed ? bookedSlots(ask.project, ask.period, time) : []) {
            const tally = spent.get(key) ?? createTally();
            add(tally, ask.spent);
            spent.set(key, tally);
          }
          return { ...answer, spent: structuredClone(answer.spent) };
        }),
        permits: permits.map((ask) => {
          const { bucket, granted } = takePermits(buckets.get(ask.project), ask.limit, ask, time);
          buckets.set(ask.project, bucket);
          return { granted, bucket };
        }),
        histories: histories.map(({ project, resolution }) =>
          historySlots(project, resolution, time).map(({ key, start }) =>
            presentPoint(start, spent.get(key) ?? createTally()),
          ),
        ),
      };
    },
    get commands() {
      return commands;
    },
    close() {},
  };
}
