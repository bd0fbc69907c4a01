import { createCRC64 } from 'hash-wasm';

/** The checksum at the end of an RDB, taken as its bytes stream by. */
export interface Crc64 {
  update(bytes: Uint8Array): void;
  /** The checksum of all that was given; nothing may follow. */
  digest(): bigint;
}

/** Jones' polynomial, reflected. */
const POLYNOMIAL = '95ac9329ac4bc9b5';

/**
 * CRC-64 as Redis has it (crc64.c: Jones' polynomial, reflected, from 0, and not inverted at the end). The library begins
 * with all ones and inverts at the end; eight bytes of ones bring its register to 0, and another inversion undoes its own.
 */
export async function startCrc64(): Promise<Crc64> {
  const hash = await createCRC64(POLYNOMIAL);
  hash.init();
  hash.update(new Uint8Array(8).fill(0xff));
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => BigInt.asUintN(64, ~BigInt(`0x${hash.digest('hex')}`)),
  };
}
