import { setTimeout as sleep } from 'node:timers/promises';
import { type Bucket, takePermits } from '../limits/bucket.ts';
import type { Connection } from '../store/resp/connection.ts';
import { ReplyError } from '../store/resp/reply.ts';
import { bookedSlots, decodeSpent, encodeSpent, historySlots, hourAt, presentPoint, type Slot } from './history.ts';
import {
  type AccountAnswer,
  type AccountAsk,
  type Answers,
  type Asks,
  type Ledger,
  LedgerError,
  type PermitAsk,
} from './ledger-port.ts';
import { formatPeriod } from './period.ts';
import { decodeRecord, encodeRecord, settle } from './record.ts';
import { add, isEmpty, type Tally } from './tally.ts';

/** Records are of use for a year's comparison, and a month for whoever makes it. */
const ACCOUNT_SECONDS = 400 * 86_400;
/** A conflict with another replica is tried again so often; each time one of those who met got through. */
const MOST_ATTEMPTS = 50;
const BACKOFF_MS = { first: 0.5, most: 8 };

type Command = readonly (string | number)[];

/** What an exchange reads, and what it makes of that. */
interface Plan {
  answers: Answers;
  writes: Command[];
}

/**
 * The ledger in a Redis, on a connection of its own. An exchange reads under WATCH and writes in a transaction that
 * another replica's write makes void: so nothing is granted twice, and an ask of which the reply was lost can be made
 * again, because its number is written with what it changed. What is left in a broken connection's buffers can do no
 * harm either: the repetition writes the same keys. `connect` gives a new, unconnected connection, or undefined
 * where it is not known yet where the ledger is.
 */
export function createRedisLedger(connect: () => Connection | undefined): Ledger {
  let connection: Connection | undefined;
  let commands = 0;
  /** By how much the ledger's clock was ahead of ours, which only runs forwards, when it last told the time. */
  let ahead: number | undefined;

  async function open(): Promise<Connection> {
    if (connection?.ready) return connection;
    const made = connect();
    if (!made) throw new LedgerError('there is no ledger yet');
    await made.connect();
    connection = made;
    return made;
  }

  /** Whatever fails, the connection with its WATCH is given up. */
  async function guarded<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await work(await open());
    } catch (error) {
      connection?.close();
      connection = undefined;
      throw error instanceof LedgerError ? error : new LedgerError(describe(error));
    }
  }

  async function readTime(connection: Connection): Promise<number> {
    commands++;
    const time = milliseconds(await connection.send(['TIME']));
    ahead = time - performance.now();
    return time;
  }

  async function attempt(connection: Connection, asks: Asks): Promise<Answers | undefined> {
    const expected = ahead === undefined ? await readTime(connection) : Math.floor(performance.now() + ahead);
    const keys = keysOf(asks, expected);
    commands += 2;
    const [, values, time] = await Promise.all([
      connection.send(['WATCH', ...keys]),
      connection.send(['MGET', ...keys]),
      readTime(connection),
    ]);
    const texts = new Map(keys.map((key, index) => [key, (values as (Buffer | null)[])[index]?.toString() ?? null]));
    // In another hour what is spent goes to other keys, and those are not watched.
    const isExpected = hourAt(time) === hourAt(expected);
    const { answers, writes } = isExpected ? plan(asks, texts, time) : { answers: undefined, writes: [] };
    if (writes.length === 0) {
      commands++;
      await connection.send(['UNWATCH']);
      return answers;
    }
    commands += writes.length + 2;
    const replies = await connection.transaction(writes);
    for (const reply of replies ?? []) if (reply instanceof ReplyError) throw reply;
    return replies ? answers : undefined;
  }

  return {
    time: () => guarded(readTime),
    exchange: (asks) =>
      guarded(async (open) => {
        for (let attempts = 1; attempts <= MOST_ATTEMPTS; attempts++) {
          const answers = await attempt(open, asks);
          if (answers) return answers;
          await sleep(Math.random() * Math.min(BACKOFF_MS.first * 2 ** attempts, BACKOFF_MS.most));
        }
        throw new LedgerError('other replicas always came first');
      }),
    get commands() {
      return commands;
    },
    close() {
      connection?.close();
      connection = undefined;
    },
  };
}

/** What has to be read when it is that time by the ledger's clock. */
function keysOf({ accounts, permits, histories }: Asks, time: number): string[] {
  const slots = [
    ...accounts.flatMap((ask) => slotsOf(ask, time)),
    ...histories.flatMap(({ project, resolution }) => historySlots(project, resolution, time)),
  ];
  return [...accounts.map(accountKey), ...permits.map(bucketKey), ...slots.map(({ key }) => key)];
}

const accountKey = ({ project, period }: AccountAsk): string => `account:${project}:${formatPeriod(period)}`;
const bucketKey = ({ project }: PermitAsk): string => `bucket:${project}`;

/** Where what an ask tells is booked besides the account. */
function slotsOf({ project, period, spent }: AccountAsk, time: number): Slot[] {
  return isEmpty(spent) ? [] : bookedSlots(project, period, time);
}

/** What to answer, and what to write; pure. A text that is no record of ours is answered with undefined and left alone. */
function plan({ accounts, permits, histories }: Asks, texts: ReadonlyMap<string, string | null>, time: number): Plan {
  const writes: Command[] = [];
  const booked = new Map<string, Tally>();
  const spentAt = (key: string) => booked.get(key) ?? decodeSpent(texts.get(key));
  const accountAnswers = accounts.map((ask): AccountAnswer | undefined => {
    const key = accountKey(ask);
    const record = attemptTo(() => decodeRecord(texts.get(key) ?? null));
    if (!record) return undefined;
    const { changed, ...answer } = settle(record, ask, Math.floor(time / 1000));
    if (!changed) return answer;
    writes.push(['SET', key, encodeRecord(record), 'EX', ACCOUNT_SECONDS]);
    for (const slot of slotsOf(ask, time)) {
      const spent = spentAt(slot.key);
      add(spent, ask.spent);
      booked.set(slot.key, spent);
      writes.push(['SET', slot.key, encodeSpent(spent), 'EX', slot.seconds]);
    }
    return answer;
  });
  const permitAnswers = permits.map((ask) => {
    const key = bucketKey(ask);
    const { bucket, granted } = takePermits(decodeBucket(texts.get(key) ?? null), ask.limit, ask, time);
    // A bucket that nobody asks for is full again by then, and one that is not known is full.
    const lifetime = Math.ceil((ask.limit.capacity / ask.limit.perSecond) * 1000) + 60_000;
    if (granted > 0 || ask.giveBack > 0) writes.push(['SET', key, JSON.stringify(bucket), 'PX', lifetime]);
    return { granted, bucket };
  });
  const points = histories.map(({ project, resolution }) =>
    historySlots(project, resolution, time).map(({ key, start }) => presentPoint(start, spentAt(key))),
  );
  return { answers: { time, accounts: accountAnswers, permits: permitAnswers, histories: points }, writes };
}

/** A text that is no bucket is one that is not known. */
function decodeBucket(text: string | null): Bucket | undefined {
  const bucket = text === null ? undefined : attemptTo(() => JSON.parse(text) as Partial<Bucket> | null);
  const { permits, at } = bucket ?? {};
  return Number.isFinite(permits) && Number.isFinite(at) ? (bucket as Bucket) : undefined;
}

function attemptTo<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** TIME's answer, seconds and microseconds, in ms. */
function milliseconds(reply: unknown): number {
  const [seconds, micros] = (Array.isArray(reply) ? reply : []).map(Number);
  const time = (seconds ?? Number.NaN) * 1000 + Math.floor((micros ?? 0) / 1000);
  if (!Number.isSafeInteger(time)) throw new LedgerError('the ledger does not tell the time');
  return time;
}

/** Why it failed, fit for logs: the first word of Redis' answer, a code of the system, or the name of the error. */
function describe(error: unknown): string {
  if (error instanceof ReplyError) return `the ledger answered ${/^[A-Z]+/.exec(error.message)?.[0] ?? 'an error'}`;
  const { code, cause, name } = error as { code?: unknown; cause?: { code?: unknown }; name?: string };
  return `the ledger cannot be reached (${code ?? cause?.code ?? name ?? 'unknown'})`;
}
