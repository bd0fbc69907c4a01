/** What the beginning of an RDB tells about the rest of it. */
export interface RdbHeader {
  rdbVersion: number;
  /** Empty where the RDB does not say. */
  redisVersion: string;
  /** As many as there were when Redis forked, those whose time had come among them. */
  keys: number;
  expiringKeys: number;
}

/** Thrown where bytes are not the beginning of an RDB. */
export class NotRdbError extends Error {}

/** Of a version that is told. */
const MAX_VERSION = 32;

// Opcodes of rdb.h that may come before the first key.
const FUNCTION2 = 245;
const MODULE_AUX = 247;
const AUX = 250;
const RESIZEDB = 251;
const SELECTDB = 254;

/**
 * Reads the header of an RDB from its first bytes; undefined where they are too few. Redis writes how many keys a database
 * has before the first of them, so no key is looked at. Tenants have database 0 alone. Throws a NotRdbError.
 */
export function parseHeader(head: Buffer): RdbHeader | undefined {
  const magic = head.toString('latin1', 0, 9);
  if (!'REDIS'.startsWith(magic.slice(0, 5)) || !/^\d*$/.test(magic.slice(5)))
    throw new NotRdbError('no RDB begins so');
  if (head.length < 9) return undefined;
  const header: RdbHeader = { rdbVersion: Number(magic.slice(5)), redisVersion: '', keys: 0, expiringKeys: 0 };
  const reader = new Reader(head, 9);
  try {
    for (;;) {
      const opcode = reader.byte();
      if (opcode === AUX) {
        const name = reader.string();
        const value = reader.string();
        if (name === 'redis-ver') header.redisVersion = value.slice(0, MAX_VERSION);
      } else if (opcode === MODULE_AUX) skipModuleAux(reader);
      else if (opcode === FUNCTION2) reader.string();
      else if (opcode === SELECTDB) reader.length();
      else if (opcode === RESIZEDB) {
        header.keys = reader.length();
        header.expiringKeys = reader.length();
        return header;
      } else return header; // the end of an empty RDB, or what only a newer Redis writes
    }
  } catch (error) {
    if (error instanceof TooFew) return undefined;
    throw error;
  }
}

/** Module data is written in typed pieces, so that it can be passed over without the module (rdbLoadCheckModuleValue). */
function skipModuleAux(reader: Reader): void {
  const [END, SINT, UINT, FLOAT, DOUBLE, STRING] = [0, 1, 2, 3, 4, 5];
  reader.length();
  for (;;) {
    const opcode = reader.length();
    if (opcode === END) return;
    if (opcode === SINT || opcode === UINT) reader.length();
    else if (opcode === FLOAT) reader.take(4);
    else if (opcode === DOUBLE) reader.take(8);
    else if (opcode === STRING) reader.string();
    else throw new NotRdbError('unknown data of a module');
  }
}

class TooFew extends Error {}

class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw new TooFew();
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  byte(): number {
    return this.take(1)[0] ?? 0;
  }

  /** A length (rdbLoadLen): 6 bits, 14 bits, 32 or 64 bits. */
  length(): number {
    const first = this.byte();
    const kind = first >> 6;
    if (kind === 0) return first & 0x3f;
    if (kind === 1) return ((first & 0x3f) << 8) | this.byte();
    if (first === 0x80) return this.take(4).readUInt32BE();
    if (first === 0x81) return Number(this.take(8).readBigUInt64BE());
    throw new NotRdbError('a length was expected');
  }

  /** A string: of a length, a number in its place, or compressed, which is passed over and comes out empty. */
  string(): string {
    const first = this.#bytes[this.#at];
    if (first === undefined) throw new TooFew();
    if (first >> 6 !== 3) return this.take(this.length()).toString('latin1');
    this.byte();
    const encoding = first & 0x3f;
    if (encoding === 0) return String(this.take(1).readInt8());
    if (encoding === 1) return String(this.take(2).readInt16LE());
    if (encoding === 2) return String(this.take(4).readInt32LE());
    if (encoding !== 3) throw new NotRdbError('a string was expected');
    const compressed = this.length();
    this.length();
    this.take(compressed);
    return '';
  }
}
