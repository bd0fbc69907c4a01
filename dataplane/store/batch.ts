import type { Request, Way } from './exchange.ts';
import { type BatchOp, type BatchOptions, type BatchOutcome, StoreError } from './port.ts';
import { failureOf } from './redis-errors.ts';
import { asItIs, bytesOf, integerOf, type TextOf, wasDone } from './replies.ts';
import { bulk, type Encoded, encode, join } from './resp/encode.ts';
import { type Reply, ReplyError } from './resp/reply.ts';

/**
 * About so many bytes of values are on the way at a time: Redis holds all of them in memory that counts towards the
 * store's, and other requests on the connection wait for them.
 */
const WINDOW_BYTES = 4 * 2 ** 20;

/**
 * Runs a store's batches. How large the values are that a window of reads will bring is guessed from those that the
 * last one brought. Where an operation in the middle finds the store unavailable, those after it are not tried.
 */
export function createBatch(
  way: Way,
  textOf: TextOf,
): (ops: readonly BatchOp[], options?: BatchOptions) => Promise<BatchOutcome[]> {
  let expected = 32 * 2 ** 10;

  function weight(op: BatchOp): number {
    if (op.op === 'get') return expected;
    return op.op === 'set' ? op.value.length : 0;
  }

  /** The operations from `start` on that go together. */
  function windowOf(ops: readonly BatchOp[], start: number): readonly BatchOp[] {
    let end = start;
    for (let bytes = 0; end < ops.length && (bytes === 0 || bytes < WINDOW_BYTES); end++) {
      bytes += weight(ops[end] as BatchOp);
    }
    return start === 0 && end === ops.length ? ops : ops.slice(start, end);
  }

  /** The values that reads brought. */
  function learn(ops: readonly BatchOp[], outcomes: readonly BatchOutcome[]): readonly Buffer[] {
    let largest = expected * 0.9;
    const values: Buffer[] = [];
    outcomes.forEach((outcome, i) => {
      if (ops[i]?.op !== 'get' || outcome instanceof Error || outcome.value === null) return;
      largest = Math.max(largest, outcome.value.length);
      values.push(outcome.value);
    });
    expected = largest;
    return values;
  }

  return async (ops, { took } = {}) => {
    const outcomes: BatchOutcome[] = [];
    let room = true;
    while (outcomes.length < ops.length) {
      const window = windowOf(ops, outcomes.length);
      try {
        const some = await (room ? way.request(requestOf(way, window, textOf)) : withoutReads(way, window));
        const values = learn(window, some);
        if (values.length > 0 && took && !took(values)) room = false;
        if (window === ops) return some;
        outcomes.push(...some);
      } catch (error) {
        if (outcomes.length === 0 || !(error instanceof StoreError)) throw error;
        while (outcomes.length < ops.length) outcomes.push(error);
      }
    }
    return outcomes;
  };
}

/** The writes of a window; its reads would bring more than there is room for. */
async function withoutReads(way: Way, ops: readonly BatchOp[]): Promise<BatchOutcome[]> {
  const writes = ops.filter(({ op }) => op !== 'get');
  const written = writes.length === 0 ? [] : await way.request(requestOf(way, writes, asItIs));
  let next = 0;
  return ops.map(({ op }) => {
    if (op === 'get') return new StoreError('unavailable', 'the data plane is busy; try again');
    return written[next++] as BatchOutcome;
  });
}

function requestOf(way: Way, ops: readonly BatchOp[], textOf: TextOf): Request<BatchOutcome[]> {
  const writes = ops.some(({ op }) => op !== 'get');
  return {
    access: writes ? 'write' : 'read',
    commands: join(ops.map(commandOf)),
    count: ops.length,
    read(replies) {
      const [first] = replies;
      // Nothing ran, so that it is like any other request that was refused.
      if (first instanceof ReplyError && replies.every(wasTurnedAway)) throw first;
      const [write, ...others] = replies.filter((_, i) => ops[i]?.op !== 'get');
      // Nothing was written, and to read again does no harm.
      if (write instanceof ReplyError && [write, ...others].every(mayGoSoon)) throw write;
      return ops.map((op, i) => outcomeOf(way, op, replies[i], textOf));
    },
    partial: (replies) => (writes ? { result: ops.map((op, i) => outcomeOf(way, op, replies[i], textOf)) } : undefined),
  };
}

/** Whether Redis runs no commands now, or none of ours. */
function wasTurnedAway(reply: Reply): boolean {
  const failure = failureOf(reply);
  return failure === 'refused' || failure === 'denied' || mayGoSoon(reply);
}

/** Whether it is a write that Redis may take soon, or the Redis that is the primary by then. */
function mayGoSoon(reply: Reply): boolean {
  const failure = failureOf(reply);
  return failure === 'lone' || failure === 'demoted';
}

function commandOf(op: BatchOp): Encoded {
  switch (op.op) {
    case 'get':
      return `*2\r\n$3\r\nGET\r\n${bulk(op.key)}`;
    case 'set':
      return encode(op.ttl === undefined ? ['SET', op.key, op.value] : ['SET', op.key, op.value, 'EX', op.ttl]);
    case 'delete':
      return `*2\r\n$6\r\nUNLINK\r\n${bulk(op.key)}`;
  }
}

/** `reply` is undefined where the connection was lost before it came. */
function outcomeOf(way: Way, op: BatchOp, reply: Reply | undefined, textOf: TextOf): BatchOutcome {
  if (reply === undefined) {
    if (op.op === 'get') return new StoreError('unavailable', 'the store does not answer');
    return new StoreError('unknown', 'the reply to a write was lost; it may have been applied or not');
  }
  try {
    if (op.op === 'get') {
      const bytes = bytesOf(reply);
      return { value: bytes && textOf(bytes), found: bytes !== null };
    }
    if (op.op === 'delete') return { value: null, found: integerOf(reply) > 0 };
    if (wasDone(reply)) return { value: op.value, found: true };
    return new StoreError('failed', 'the store answered unexpectedly');
  } catch (error) {
    return way.refused(error);
  }
}
