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
