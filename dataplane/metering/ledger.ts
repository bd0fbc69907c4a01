import { setTimeout as sleep } from 'node:timers/promises';
import { type Bucket, takePermits } from '../limits/bucket.ts';
import type { Connection } from '../store/resp/connection.ts';
import { ReplyError } from '../store/resp/reply.ts';
import { decodeSpent, encodeSpent, historySlots, monthsOf, pointOf, slotsOf } from './history.ts';
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
import { type AccountRecord, decodeRecord, encodeRecord, settle } from './record.ts';
import { add, type Tally } from './tally.ts';

/** Records are of use for a year's comparison, and a month for whoever makes it. */
const ACCOUNT_SECONDS = 400 * 86_400;
/** A conflict with another replica is tried again so often; each time one of those who met got through. */
const MOST_ATTEMPTS = 50;
const BACKOFF_MS = { first: 0.5, most: 8 };

type Command = readonly (string | number)[];

/** What becomes of an exchange, as far as what was read tells; and keys that have to be read besides for it to be all. */
interface Plan {
  answers: Answers;
  writes: Command[];
  unread: string[];
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

  /** Undefined where another replica came first, or more has to be read: that is added to `besides`. */
  async function attempt(connection: Connection, asks: Asks, besides: Set<string>): Promise<Answers | undefined> {
    const keys = [...asks.accounts.map(accountKey), ...asks.permits.map(bucketKey), ...besides];
    commands += 3;
    const [, values, reply] = await Promise.all([
      connection.send(['WATCH', ...keys]),
      connection.send(['MGET', ...keys]),
      connection.send(['TIME']),
    ]);
    const texts = new Map(keys.map((key, index) => [key, (values as (Buffer | null)[])[index]?.toString() ?? null]));
    const { answers, writes, unread } = plan(asks, texts, milliseconds(reply));
    if (unread.length > 0 || writes.length === 0) {
      commands++;
      await connection.send(['UNWATCH']);
      for (const key of unread) besides.add(key);
      return unread.length > 0 ? undefined : answers;
    }
    commands += writes.length + 2;
    const replies = await connection.transaction(writes);
    for (const reply of replies ?? []) if (reply instanceof ReplyError) throw reply;
    return replies ? answers : undefined;
  }

  return {
    time: () =>
      guarded(async (open) => {
        commands++;
        return milliseconds(await open.send(['TIME']));
      }),
    exchange: (asks) =>
      guarded(async (open) => {
        const besides = new Set<string>();
        for (let attempts = 1; attempts <= MOST_ATTEMPTS; attempts++) {
          const answers = await attempt(open, asks, besides);
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

const accountKey = ({ project, period }: Pick<AccountAsk, 'project' | 'period'>): string =>
  `account:${project}:${formatPeriod(period)}`;
const bucketKey = ({ project }: PermitAsk): string => `bucket:${project}`;

/** What to answer, and what to write; pure. A text that is no record of ours is answered with undefined and left alone. */
function plan({ accounts, permits, histories }: Asks, texts: ReadonlyMap<string, string | null>, time: number): Plan {
  const writes: Command[] = [];
  const unread = new Set<string>();
  const records = new Map<string, AccountRecord | undefined>();
  const past = new Map<string, Tally>();
  const read = (key: string): string | null => {
    const text = texts.get(key);
    if (text === undefined) unread.add(key);
    return text ?? null;
  };
  /** What was read of a key, or made of that here. */
  const known = <T>(made: Map<string, T>, key: string, decode: (text: string | null) => T): T => {
    const value = made.get(key) ?? decode(read(key));
    made.set(key, value);
    return value;
  };
  const recordAt = (key: string) => known(records, key, (text) => attemptTo(() => decodeRecord(text)));
  const pastAt = (key: string) => known(past, key, decodeSpent);

  const accountAnswers = accounts.map((ask): AccountAnswer | undefined => {
    const key = accountKey(ask);
    const record = recordAt(key);
    if (!record) return undefined;
    const { changed, moved, ...answer } = settle(record, ask, Math.floor(time / 1000));
    if (changed) writes.push(['SET', key, encodeRecord(record), 'EX', ACCOUNT_SECONDS]);
    if (!moved) return answer;
    for (const { key, seconds } of slotsOf(ask.project, moved)) {
      const spent = pastAt(key);
      add(spent, moved.spent);
      writes.push(['SET', key, encodeSpent(spent), 'EX', seconds]);
    }
    return answer;
  });
  const permitAnswers = permits.map((ask) => {
    const key = bucketKey(ask);
    const { bucket, granted } = takePermits(decodeBucket(read(key)), ask.limit, ask, time);
    // A bucket that nobody asks for is full again by then, and one that is not known is full.
    const lifetime = Math.ceil((ask.limit.capacity / ask.limit.perSecond) * 1000) + 60_000;
    if (granted > 0 || ask.giveBack > 0) writes.push(['SET', key, JSON.stringify(bucket), 'PX', lifetime]);
    return { granted, bucket };
  });
  const points = histories.map(({ project, resolution }) => {
    const slots = historySlots(project, resolution, time);
    const recents = monthsOf(slots).flatMap((period) => recordAt(accountKey({ project, period }))?.recent ?? []);
    return slots.map((slot) => pointOf(slot, pastAt(slot.key), recents));
  });
  const answers = { time, accounts: accountAnswers, permits: permitAnswers, histories: points };
  return { answers, writes, unread: [...unread] };
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
