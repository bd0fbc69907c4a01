/**
 * What Redis answers, by RESP3 type: bulk and verbatim strings are Buffers, of which short ones share a slab of
 * `Buffer.poolSize` with others; simple strings are strings; an integer beyond ±(2^53−1) is a bigint; a set is an array,
 * and a map is an array of its keys and values in turn. An error inside an array is a value of it.
 */
export type Reply = null | boolean | number | bigint | string | Buffer | ReplyError | readonly Reply[];

/** Redis answered with an error. The message is Redis' own and may hold keys and values: it is not fit for logs. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

/** What stands for a value that is longer than any of the API, which only others can have written. */
export function tooLarge(): ReplyError {
  return new ReplyError('TOOLARGE the value is longer than any of the API');
}

/** Rejects a command that never left this process, so that it is safe to send it again elsewhere. */
export class UnsentError extends Error {
  override readonly name = 'UnsentError';
}

/** Rejects a command that was sent and whose reply will not come: it may have run or not. */
export class LostError extends Error {
  override readonly name = 'LostError';
}
