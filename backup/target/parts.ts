const MiB = 1024 * 1024;
/** An upload has at most so many parts (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html). */
export const MAX_PARTS = 10_000;

/**
 * Bytes of the part of that number, from 1. How long the data is nobody knows before its end: 39 GiB are in parts of one
 * size, as some services want them, and then they are larger, so that there is room for 351 GiB.
 */
export function partBytes(number: number): number {
  return number <= MAX_PARTS / 2 ? 8 * MiB : 64 * MiB;
}

/** A part; all but the last are as long as `partBytes` says. */
export interface Part {
  number: number;
  part: Buffer;
  isLast: boolean;
}

/** What `body` yields in parts, of which there is one at least; `take` gives the buffer for one, of that length. */
export async function* inParts(body: AsyncIterable<Uint8Array>, take: (bytes: number) => Buffer): AsyncGenerator<Part> {
  let number = 1;
  let part = take(partBytes(number));
  let filled = 0;
  for await (const piece of body) {
    for (let at = 0; at < piece.length; ) {
      if (filled === part.length) {
        yield { number, part, isLast: false };
        number++;
        part = take(partBytes(number));
        filled = 0;
      }
      const count = Math.min(piece.length - at, part.length - filled);
      part.set(piece.subarray(at, at + count), filled);
      at += count;
      filled += count;
    }
  }
  yield { number, part: part.subarray(0, filled), isLast: true };
}
