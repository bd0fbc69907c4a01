import { startCrc64 } from '../../../../backup/rdb/crc64.ts';

/** A string of an RDB, shorter than 64 bytes. */
export function string(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
}

/** The beginning of an RDB as Redis 8.0 writes it. */
export const HEAD: Buffer = Buffer.concat([
  Buffer.from('REDIS0012'),
  ...[Buffer.from([250]), string('redis-ver'), string('8.0.2')],
  ...[Buffer.from([250]), string('redis-bits'), Buffer.from([0xc0, 64])],
  ...[Buffer.from([250]), string('ctime'), Buffer.from([0xc2, 1, 2, 3, 4])],
]);

/** Database 0 with so many keys, which is where its keys would follow. */
export function database(keys: number, expiring: number): Buffer {
  const length = (count: number) => Buffer.from([0x40 | (count >> 8), count & 0xff]);
  return Buffer.concat([Buffer.from([254, 0, 251]), length(keys), length(expiring)]);
}

/** Ends an RDB as Redis does, with its checksum. */
export async function seal(content: Buffer): Promise<Buffer> {
  const body = Buffer.concat([content, Buffer.from([255])]);
  const crc = await startCrc64();
  crc.update(body);
  const checksum = Buffer.alloc(8);
  checksum.writeBigUInt64LE(crc.digest());
  return Buffer.concat([body, checksum]);
}
