import { type Reply, ReplyError, tooLarge } from './reply.ts';

/** Takes what has been decoded, in the order in which it came. Must not throw. */
export interface Sink {
  reply(reply: Reply): void;
  /** Something that Redis says unasked: the elements of a push message. */
  push(message: readonly Reply[]): void;
}

/** The stream is not RESP, or a reply is larger than any that is asked for. Nothing after it can be understood. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code = 'EPROTO';
}

/**
 * The largest value has 256 KiB, and names of keys 2 KB, of which a scan asks for a thousand. But who has native access
 * writes values of any size, and a tenant's own image answers anything, into the memory of a process that all tenants
 * share. A string that is a whole reply and longer than `string` is let go as it comes, and `tooLarge` is delivered for it;
 * what goes beyond another limit is a ProtocolError.
 */
export const REPLY_LIMITS = { string: 2 ** 18, bytes: 4 * 2 ** 20, elements: 2 ** 17, depth: 8, line: 4096 };

/** An aggregate whose elements are still to come. */
interface Open {
  kind: 'array' | 'push' | 'attribute';
  items: Reply[];
  left: number;
}

const CR = 13;
const LF = 10;
const ZERO = 48;
const MINUS = 45;
/** Beyond so many digits an integer may be no exact number. */
const EXACT_DIGITS = 15;

/** Decodes a RESP3 stream in chunks of any size. After a ProtocolError it must not be fed any more. */
export class Decoder {
  readonly #sink: Sink;
  /** The start of a line whose end has not come. */
  #line: Buffer | undefined;
  /** A bulk string, with the CRLF after it, whose end has not come, and how much of it has. */
  #bulk: Buffer | undefined;
  #bulkType = 0;
  #filled = 0;
  /** How much is still to come of a string that is let go, with the CRLF after it. */
  #skip = 0;
  readonly #open: Open[] = [];
  /** Of the reply that is being read. */
  #bytes = 0;
  #elements = 0;
  /** Where the line that was read last ends in its chunk. */
  #next = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Takes the next bytes, which may be overwritten once it returns. Throws a ProtocolError. */
  feed(chunk: Buffer): void {
    let data = chunk;
    if (this.#line) {
      data = Buffer.concat([this.#line, chunk]);
      this.#line = undefined;
    }
    let at = this.#bulk ? this.#fill(this.#bulk, data) : this.#skip > 0 ? this.#pass(data, 0) : 0;
    while (at < data.length) {
      const next = this.#element(data, at);
      if (next < 0) {
        if (data.length - at > REPLY_LIMITS.line + 2) throw new ProtocolError('a line is too long');
        this.#line = Buffer.from(data.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** Reads what begins at `at`, a whole string or the first line of an aggregate. Where it ends; −1 if the line does not. */
  #element(data: Buffer, at: number): number {
    const type = data[at] as number;
    switch (type) {
      case 0x24: // $ bulk string
      case 0x3d: // = verbatim string
      case 0x21: // ! bulk error
        return this.#bulkString(type, data, at);
      case 0x3a: {
        const value = this.#integer(data, at + 1);
        if (this.#next < 0) return -1;
        return this.#deliver(value, at);
      }
      case 0x2a: // * array
      case 0x7e: // ~ set
        return this.#aggregate('array', 1, data, at);
      case 0x25: // % map
        return this.#aggregate('array', 2, data, at);
      case 0x3e: // > push
        return this.#aggregate('push', 1, data, at);
      case 0x7c: // | attributes of what follows
        return this.#aggregate('attribute', 2, data, at);
      default: {
        const text = this.#text(data, at + 1);
        if (text === undefined) return -1;
        return this.#deliver(simple(type, text), at);
      }
    }
  }

  #bulkString(type: number, data: Buffer, at: number): number {
    const length = this.#integer(data, at + 1);
    if (this.#next < 0) return -1;
    if (length === -1) return this.#deliver(null, at);
    if (typeof length !== 'number' || length < 0) throw new ProtocolError('a length is no length');
    const start = this.#next;
    const end = start + length;
    this.#count(start - at + length + 2, 0);
    if (length > REPLY_LIMITS.string && this.#open.length === 0) {
      this.#skip = length + 2;
      return this.#pass(data, start);
    }
    if (end + 2 <= data.length) {
      if (data[end] !== CR || data[end + 1] !== LF) throw new ProtocolError('a string does not end where it should');
      const bulk = Buffer.allocUnsafe(length);
      data.copy(bulk, 0, start, end);
      this.#next = end + 2;
      return this.#deliver(content(type, bulk), this.#next);
    }
    this.#bulk = Buffer.allocUnsafe(length + 2);
    this.#bulkType = type;
    this.#filled = data.copy(this.#bulk, 0, start);
    return data.length;
  }

  /** Lets go of what has come, from `at` on, of a string that is too long. Where it ends in this chunk. */
  #pass(data: Buffer, at: number): number {
    const passed = Math.min(this.#skip, data.length - at);
    this.#skip -= passed;
    this.#next = at + passed;
    return this.#skip > 0 ? this.#next : this.#deliver(tooLarge(), this.#next);
  }

  /** Goes on with a string that earlier chunks began. Where it ends in this one. */
  #fill(bulk: Buffer, data: Buffer): number {
    const copied = data.copy(bulk, this.#filled);
    this.#filled += copied;
    if (this.#filled < bulk.length) return copied;
    const length = bulk.length - 2;
    if (bulk[length] !== CR || bulk[length + 1] !== LF)
      throw new ProtocolError('a string does not end where it should');
    this.#bulk = undefined;
    this.#next = copied;
    return this.#deliver(content(this.#bulkType, bulk.subarray(0, length)), copied);
  }

  #aggregate(kind: Open['kind'], each: number, data: Buffer, at: number): number {
    const length = this.#integer(data, at + 1);
    if (this.#next < 0) return -1;
    if (length === -1 && kind === 'array') return this.#deliver(null, at);
    if (typeof length !== 'number' || length < 0) throw new ProtocolError('a length is no length');
    if (kind === 'push' && this.#open.length > 0) throw new ProtocolError('a push message inside a reply');
    if (this.#open.length >= REPLY_LIMITS.depth) throw new ProtocolError('a reply is nested too deep');
    this.#count(this.#next - at, length * each);
    this.#open.push({ kind, items: [], left: length * each });
    if (length === 0) this.#close();
    return this.#next;
  }

  /** Hands on a value that is complete, whose bytes from `at` are not yet counted. Where what follows begins. */
  #deliver(value: Reply, at: number): number {
    const parent = this.#open.at(-1);
    if (!parent) {
      this.#bytes = 0;
      this.#elements = 0;
      this.#sink.reply(value);
      return this.#next;
    }
    this.#count(this.#next - at, 0);
    parent.items.push(value);
    if (--parent.left === 0) this.#close();
    return this.#next;
  }

  /** Hands on every aggregate whose last element has come. */
  #close(): void {
    for (;;) {
      const { kind, items } = this.#open.pop() as Open;
      const parent = this.#open.at(-1);
      // Attributes say something about the value after them, which nobody here wants to know.
      if (kind === 'attribute') return;
      if (parent) {
        parent.items.push(items);
        if (--parent.left > 0) return;
        continue;
      }
      this.#bytes = 0;
      this.#elements = 0;
      if (kind === 'push') this.#sink.push(items);
      else this.#sink.reply(items);
      return;
    }
  }

  #count(bytes: number, elements: number): void {
    this.#bytes += bytes;
    this.#elements += elements;
    if (this.#bytes > REPLY_LIMITS.bytes) throw new ProtocolError('a reply is too long');
    if (this.#elements > REPLY_LIMITS.elements) throw new ProtocolError('a reply has too many elements');
  }

  /** The integer of a line; `#next` is then where the line ends, or −1 if it does not. */
  #integer(data: Buffer, start: number): number | bigint {
    let at = start;
    const negative = data[at] === MINUS;
    if (negative || data[at] === 0x2b) at++;
    const first = at;
    let value = 0;
    for (; at < data.length; at++) {
      const digit = (data[at] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at - start > REPLY_LIMITS.line) throw new ProtocolError('a line is too long');
    this.#next = -1;
    if (at >= data.length) return 0;
    if (data[at] !== CR || at === first) throw new ProtocolError('an integer is none');
    if (at + 1 >= data.length) return 0;
    if (data[at + 1] !== LF) throw new ProtocolError('a line does not end as it should');
    this.#next = at + 2;
    if (at - first <= EXACT_DIGITS) return negative ? -value : value;
    const exact = BigInt(data.toString('latin1', first, at)) * (negative ? -1n : 1n);
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
  }

  /** The text of a line; `#next` is then where the line ends. Undefined if it does not. */
  #text(data: Buffer, start: number): string | undefined {
    let at = start;
    while (at < data.length && data[at] !== CR && data[at] !== LF) at++;
    if (at - start > REPLY_LIMITS.line) throw new ProtocolError('a line is too long');
    if (at >= data.length) return undefined;
    if (data[at] !== CR) throw new ProtocolError('a line does not end as it should');
    if (at + 1 >= data.length) return undefined;
    if (data[at + 1] !== LF) throw new ProtocolError('a line does not end as it should');
    this.#next = at + 2;
    return data.toString('utf8', start, at);
  }
}

/** What a line of one of the simple types says. */
function simple(type: number, text: string): Reply {
  switch (type) {
    case 0x2b: // +
      return text;
    case 0x2d: // -
      return new ReplyError(text);
    case 0x5f: // _
      if (text === '') return null;
      break;
    case 0x23: // #
      if (text === 't' || text === 'f') return text === 't';
      break;
    case 0x28: // (
      if (/^[+-]?\d+$/.test(text)) return BigInt(text.replace('+', ''));
      break;
    case 0x2c: // ,
      if (/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
      if (/^[+-]?inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
      if (/^-?nan$/.test(text)) return Number.NaN;
      break;
  }
  throw new ProtocolError('an element of no known type');
}

/** What a string with a length says: the first four bytes of a verbatim string tell how to show it. */
function content(type: number, bytes: Buffer): Reply {
  if (type === 0x21) return new ReplyError(bytes.toString('utf8'));
  return type === 0x3d ? bytes.subarray(4) : bytes;
}
