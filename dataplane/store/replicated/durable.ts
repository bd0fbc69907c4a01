import type { Request, Way } from '../exchange.ts';
import type { Lane } from '../lane.ts';
import { StoreError } from '../port.ts';
import { failureOf } from '../redis-errors.ts';
import { integerOf } from '../replies.ts';
import { type Encoded, encode, join } from '../resp/encode.ts';
import { type Reply, ReplyError } from '../resp/reply.ts';

/** What goes together is so much at most, counted as characters and bytes. */
const MOST_BYTES = 4 * 2 ** 20;

/** Bounds on writes that wait for replicas; how long one waits for its turn is the lane's `waitMs`. */
export interface DurableLimits {
  /** How long in ms replicas have to confirm a write, at most; never longer than the lane's `waitMs`. */
  confirmMs: number;
  /** Writes that wait at the same time. */
  waiting: number;
}

interface Waiting {
  request: Request<unknown>;
  since: number;
  resolve: (result: unknown) => void;
  reject: (error: StoreError) => void;
}

/** What became of one of the writes that went together: its result, or the reply or Error that it was refused with. */
type Outcome = { result: unknown } | { error: unknown };

/** What came of writes that went together, and the place of the Redis that confirmed them: see Origin. */
interface Answer {
  outcomes: readonly Outcome[];
  confirmed: boolean;
  place: string;
}

/**
 * The way of writes that are to be on so many nodes. Redis lets nothing else pass on a connection that WAITs, so `lane` is
 * for these writes alone, and what is asked for meanwhile goes together behind the next WAIT. A write that too few confirm
 * in time has an unknown outcome: it may stay or be lost. So has one that was confirmed to a Redis which is not, by
 * `isOnlyPrimary`, the only primary after that.
 */
export function createDurableWay(
  lane: Lane,
  nodes: number,
  limits: DurableLimits,
  isOnlyPrimary: (place: string) => Promise<boolean>,
): Way {
  const queue: Waiting[] = [];
  let busy = false;

  async function work(): Promise<void> {
    busy = true;
    while (queue.length > 0) {
      const group = takeGroup();
      if (group.length > 0) await run(group);
    }
    busy = false;
  }

  function takeGroup(): Waiting[] {
    const group: Waiting[] = [];
    for (let bytes = 0; queue.length > 0 && bytes < MOST_BYTES; ) {
      const next = queue.shift() as Waiting;
      if (performance.now() - next.since >= lane.waitMs) {
        next.reject(new StoreError('unavailable', `writes before this one still wait for ${nodes} nodes`));
        continue;
      }
      group.push(next);
      bytes += sizeOf(next.request.commands);
    }
    return group;
  }

  async function run(group: readonly Waiting[]): Promise<void> {
    const [oldest, ...others] = group as [Waiting, ...Waiting[]];
    const requests = group.map(({ request }) => request);
    const confirmMs = Math.floor(Math.min(limits.confirmMs, lane.waitMs));
    let answer: Answer;
    try {
      answer = await lane.request(together(requests, nodes - 1, confirmMs), oldest.since);
    } catch (error) {
      oldest.reject(error as StoreError);
      // The time of those that came later is not up, and nothing was sent of them.
      if ((error as StoreError).failure === 'unavailable') queue.unshift(...others);
      else for (const { reject } of others) reject(error as StoreError);
      return;
    }
    const again: Waiting[] = [];
    const written: { waiting: Waiting; result: unknown }[] = [];
    group.forEach((waiting, i) => {
      const outcome = answer.outcomes[i] as Outcome;
      if ('error' in outcome) {
        if (isHeld(outcome.error)) again.push(waiting);
        else waiting.reject(lane.refused(outcome.error));
      } else if (answer.confirmed) written.push({ waiting, result: outcome.result });
      else waiting.reject(unconfirmed(nodes));
    });
    queue.unshift(...again);
    if (written.length === 0) return;
    // What comes next does not wait for this.
    void isOnlyPrimary(answer.place).then((isOnly) => {
      for (const { waiting, result } of written) isOnly ? waiting.resolve(result) : waiting.reject(replaced());
    });
  }

  return {
    request<T>(request: Request<T>): Promise<T> {
      if (request.access === 'read') return lane.request(request);
      if (queue.length >= limits.waiting) {
        return Promise.reject(new StoreError('unavailable', 'the store has too many requests'));
      }
      return new Promise((resolve, reject) => {
        queue.push({ request, since: performance.now(), resolve: (result) => resolve(result as T), reject });
        if (!busy) void work();
      });
    },
    refused: (error) => lane.refused(error),
  };
}

/** Requests as one, with a WAIT behind them; as with each of them, where nothing of it ran it may be sent again. */
function together(requests: readonly Request<unknown>[], replicas: number, confirmMs: number): Request<Answer> {
  return {
    access: 'write',
    commands: join([...requests.map(({ commands }) => commands), encode(['WAIT', replicas, confirmMs])]),
    count: requests.reduce((sum, { count }) => sum + count, 1),
    read(replies, origin) {
      let at = 0;
      const outcomes = requests.map((request): Outcome => {
        const own = replies.slice(at, at + request.count);
        at += request.count;
        try {
          return { result: request.read(own, origin) };
        } catch (error) {
          return { error };
        }
      });
      const [first] = outcomes;
      if (first && 'error' in first && outcomes.every((each) => 'error' in each && isHeld(each.error))) {
        throw first.error;
      }
      return { outcomes, confirmed: isConfirmed(replies.at(-1), replicas), place: origin.place };
    },
  };
}

/** A Redis that is no primary any more answers WAIT with an error: then nobody knows. */
function isConfirmed(reply: Reply | undefined, replicas: number): boolean {
  return !(reply instanceof ReplyError) && integerOf(reply) >= replicas;
}

/** Whether nothing was written, and the same may go well soon. */
function isHeld(error: unknown): boolean {
  const failure = failureOf(error);
  return failure === 'refused' || failure === 'lone' || failure === 'demoted';
}

function unconfirmed(nodes: number): StoreError {
  return new StoreError('unknown', `the write was not confirmed by ${nodes} nodes in time; it may be lost or stay`);
}

function replaced(): StoreError {
  return new StoreError('unknown', 'another node may have become the primary; the write may be lost or stay');
}

function sizeOf(commands: Encoded): number {
  return typeof commands === 'string' ? commands.length : commands.reduce((sum, { length }) => sum + length, 0);
}
