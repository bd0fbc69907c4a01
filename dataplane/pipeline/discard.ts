/** From here on a buffer's memory is worth being given back by hand; it is also beyond what Node takes from its pool. */
const LARGE_BYTES = 32_768;
/** The end of a line, which a reply of Redis has behind its value. */
const MOST_BESIDE = 2;

/**
 * Gives the memory of a large buffer back that nobody will look at again. Otherwise it lies there until the next full
 * garbage collection, and values of 256 KB bring those about so often that they cost more than all else. Who looks at it
 * all the same finds it empty. A buffer that shares its memory with others is left alone. None may be given that a socket has
 * still to write: the kernel would be handed what comes to stand in its place.
 */
export function discard(bytes: Buffer | string): void {
  if (typeof bytes === 'string' || bytes.length < LARGE_BYTES) return;
  const { buffer, byteOffset, length } = bytes;
  if (!(buffer instanceof ArrayBuffer) || byteOffset !== 0 || buffer.byteLength > length + MOST_BESIDE) return;
  buffer.transfer(0);
}
