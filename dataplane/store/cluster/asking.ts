import type { Request } from '../exchange.ts';
import type { Origin } from '../origin.ts';
import { elementsOf } from '../replies.ts';
import { encode, join } from '../resp/encode.ts';
import { type Reply, ReplyError } from '../resp/reply.ts';

const ASKING = encode(['ASKING']);
const MULTI = encode(['MULTI']);
const EXEC = encode(['EXEC']);

/**
 * A request to a Redis that takes over the slot of its key and does not own it yet. ASKING holds for one command, or for
 * one transaction: several commands become one.
 */
export function asking<T>(request: Request<T>): Request<T> {
  const { access, commands, count, transaction } = request;
  if (count === 1 || transaction) {
    const own = (replies: readonly Reply[], origin: Origin) => request.read(accepted(replies).slice(1), origin);
    return { access, commands: join([ASKING, commands]), count: count + 1, read: own };
  }
  return {
    access,
    commands: join([ASKING, MULTI, commands, EXEC]),
    count: count + 3,
    transaction: true,
    read(replies, origin) {
      const refusal = replies.find((reply) => reply instanceof ReplyError);
      if (refusal) throw refusal;
      return request.read(elementsOf(replies.at(-1)), origin);
    },
  };
}

function accepted(replies: readonly Reply[]): readonly Reply[] {
  if (replies[0] instanceof ReplyError) throw replies[0];
  return replies;
}
