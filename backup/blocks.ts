/** What came in a stream, gathered into a buffer; every block but the last is full. */
export interface Block {
  /** From 1. */
  number: number;
  block: Buffer;
  isLast: boolean;
}

/**
 * What `body` yields in blocks, of which there is one at least; `take` gives the buffer for the one of that number. It may
 * give the same again: a block is good until the next one is asked for.
 */
export async function* inBlocks(
  body: AsyncIterable<Uint8Array>,
  take: (number: number) => Buffer,
): AsyncGenerator<Block> {
  let number = 1;
  let block = take(number);
  let filled = 0;
  for await (const piece of body) {
    for (let at = 0; at < piece.length; ) {
      if (filled === block.length) {
        yield { number, block, isLast: false };
        block = take(++number);
        filled = 0;
      }
      const count = Math.min(piece.length - at, block.length - filled);
      block.set(piece.subarray(at, at + count), filled);
      at += count;
      filled += count;
    }
  }
  yield { number, block: block.subarray(0, filled), isLast: true };
}
