import type { Request, Way } from './exchange.ts';
import { isInRange, notANumber, overflow, parseNumber } from './number.ts';
import type { Entry } from './port.ts';
import { replyCode } from './redis-errors.ts';
import { bytesOf, elementsOf, expiryOf, one } from './replies.ts';
import { type Arg, encode, join } from './resp/encode.ts';
import { type Reply, ReplyError } from './resp/reply.ts';

/** The new value as Redis answers it, or undefined where it refused to add to what is stored. */
type Sum = { value: Reply; expiresAt: number | null } | undefined;

/**
 * Adds to a number. There are no scripts, so a sum that is out of range is taken back: for the moment of one exchange
 * others may read it, and what they write meanwhile stays. With fractions the sum is looked at beforehand as well, since
 * taking back would not give the same digits; only writes at the same moment can lead there.
 * `inOneGo` lets nothing come between the sum and the question when it expires: in a Redis Cluster the key might be taken
 * to another Redis there.
 */
export async function increment(
  way: Way,
  key: string,
  delta: number,
  ttl: number | undefined,
  inOneGo = false,
): Promise<Entry> {
  const add = (command: 'INCRBY' | 'INCRBYFLOAT', by: number, lifetime?: number) =>
    way.request(addition(key, command, by, lifetime, inOneGo));
  if (!isInRange(delta)) throw overflow();
  if (Number.isInteger(delta)) {
    const sum = await add('INCRBY', delta, ttl);
    if (sum) {
      if (typeof sum.value === 'number' && isInRange(sum.value)) return entry(String(sum.value), sum.expiresAt);
      await add('INCRBY', -delta);
      throw overflow();
    }
  }
  const stored = await way.request(one('read', ['GET', key], bytesOf));
  const base = stored === null ? 0 : parseNumber(stored.toString('latin1'));
  if (base === undefined) throw notANumber();
  if (!isInRange(base + delta)) throw overflow();
  const sum = await add('INCRBYFLOAT', delta, ttl);
  if (!sum) throw notANumber();
  const text = String(bytesOf(sum.value));
  if (isInRange(parseNumber(text) ?? Number.NaN)) return entry(text, sum.expiresAt);
  await add('INCRBYFLOAT', -delta);
  throw overflow();
}

function addition(
  key: string,
  command: 'INCRBY' | 'INCRBYFLOAT',
  delta: number,
  ttl: number | undefined,
  inOneGo: boolean,
): Request<Sum> {
  const commands: Arg[][] = [
    [command, key, delta],
    ['PEXPIRETIME', key],
  ];
  if (ttl === undefined && !inOneGo)
    return { access: 'write', commands: join(commands.map(encode)), count: 2, read: sumOf };
  const create: Arg[][] = ttl === undefined ? [] : [['SET', key, 0, 'EX', ttl, 'NX']];
  const transaction = [['MULTI'], ...create, ...commands, ['EXEC']];
  return {
    access: 'write',
    commands: join(transaction.map(encode)),
    count: transaction.length,
    transaction: true,
    read(replies) {
      // Why a command was not queued says more than that the transaction was therefore discarded.
      const refusal = replies.find((reply) => reply instanceof ReplyError);
      if (refusal) throw refusal;
      const results = elementsOf(replies.at(-1));
      const [set] = results;
      if (ttl !== undefined && set instanceof ReplyError) throw set;
      return sumOf(results.slice(create.length));
    },
  };
}

function sumOf([value, expiry]: readonly Reply[]): Sum {
  if (value instanceof ReplyError) {
    if (replyCode(value) === 'ERR') return undefined;
    throw value;
  }
  if (value === undefined) throw new Error('Redis answered a transaction with too few replies');
  const expiresAt = expiryOf(expiry);
  // Undefined: it has expired since it was incremented.
  return { value, expiresAt: expiresAt === undefined ? Date.now() : expiresAt };
}

function entry(text: string, expiresAt: number | null): Entry {
  return { value: Buffer.from(text), expiresAt };
}
