import { isUtf8 } from 'node:buffer';
import { afterColon, afterComma, JsonError, notJson, spaceEnd, stringEnd, valueEnd } from './scan.ts';

/** Requests have a handful of members; an object with more is refused before it fills memory. */
const MAX_MEMBERS = 64;

const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** A member that holds an array of objects whose own members are to be had as they were written. */
export interface ListOf {
  name: string;
  /** An array of more elements is refused. */
  most: number;
  /** Names that members of the elements usually have, in ASCII; these are told fastest. */
  members: readonly string[];
}

/** A JSON object of a request: what its members are worth, and the bytes in which each was written. */
export interface JsonObject {
  readonly names: readonly string[];
  has(name: string): boolean;
  /** The member as a JavaScript value, undefined where it is absent; numbers may have lost digits. */
  value(name: string): unknown;
  /** The member's text exactly as it came, without the space around it; undefined where it is absent. */
  text(name: string): Buffer | undefined;
  /** The elements of the array that was asked for, undefined for each that is no object; undefined where there is no array. */
  readonly list: readonly (JsonObject | undefined)[] | undefined;
}

/**
 * Reads a JSON object (RFC 8259) from UTF-8 without loss, in one pass. Throws a JsonError for anything else, for a name
 * that occurs twice, and for a value that nests deeper than MAX_DEPTH.
 */
export function parseObject(bytes: Buffer, list?: ListOf): JsonObject {
  if (!isUtf8(bytes)) throw new JsonError('the body is not valid UTF-8');
  const start = spaceEnd(bytes, 0);
  const isObject = bytes[start] === OPEN_BRACE;
  const members = new Members(bytes, []);
  const end = isObject ? members.read(start, list) : valueEnd(bytes, start);
  if (spaceEnd(bytes, end) < bytes.length) throw notJson();
  if (!isObject) throw new JsonError('the body must be a JSON object');
  return members;
}

/** Names, and where the value of each stands: a batch has a hundred of these, so there is neither a Map nor a Buffer in it. */
class Members implements JsonObject {
  readonly names: string[] = [];
  list: (JsonObject | undefined)[] | undefined = undefined;
  readonly #bytes: Buffer;
  /** Start and end of each value, in turn. */
  readonly #spans: number[] = [];
  readonly #usual: readonly string[];

  constructor(bytes: Buffer, usual: readonly string[]) {
    this.#bytes = bytes;
    this.#usual = usual;
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }

  value(name: string): unknown {
    const at = this.names.indexOf(name);
    return at < 0 ? undefined : parse(this.#bytes, this.#spans[2 * at] as number, this.#spans[2 * at + 1] as number);
  }

  text(name: string): Buffer | undefined {
    const at = this.names.indexOf(name);
    return at < 0 ? undefined : this.#bytes.subarray(this.#spans[2 * at], this.#spans[2 * at + 1]);
  }

  /** Reads the object whose brace is at `from`; its end. */
  read(from: number, list?: ListOf): number {
    const text = this.#bytes;
    let end = spaceEnd(text, from + 1);
    if (text[end] === CLOSE_BRACE) return end + 1;
    for (let at = end; at >= 0; at = afterComma(text, end, CLOSE_BRACE)) {
      const nameEnd = stringEnd(text, at);
      const name = this.#usual.find((usual) => spells(text, at, nameEnd, usual)) ?? parseString(text, at, nameEnd);
      if (this.names.includes(name)) throw new JsonError(`the field ${quote(name)} occurs twice`);
      if (this.names.length === MAX_MEMBERS) throw new JsonError(`an object has more than ${MAX_MEMBERS} fields`);
      const start = afterColon(text, nameEnd);
      const valueAt =
        list?.name === name && text[start] === OPEN_BRACKET ? this.#readList(start, list) : valueEnd(text, start);
      this.names.push(name);
      this.#spans.push(start, valueAt);
      end = spaceEnd(text, valueAt);
    }
    return end + 1;
  }

  #readList(from: number, { name, most, members }: ListOf): number {
    const text = this.#bytes;
    const list: (JsonObject | undefined)[] = [];
    this.list = list;
    let end = spaceEnd(text, from + 1);
    if (text[end] === CLOSE_BRACKET) return end + 1;
    for (let at = end; at >= 0; at = afterComma(text, end, CLOSE_BRACKET)) {
      if (list.length === most) throw new JsonError(`${name} has more than ${most} elements`);
      const element = text[at] === OPEN_BRACE ? new Members(text, members) : undefined;
      list.push(element);
      end = spaceEnd(text, element ? element.read(at) : valueEnd(text, at));
    }
    return end + 1;
  }
}

function parse(text: Buffer, start: number, end: number): unknown {
  return text[start] === QUOTE ? parseString(text, start, end) : JSON.parse(text.toString('utf8', start, end));
}

/** Whether the string between two quotes is written in just these characters. */
function spells(text: Buffer, start: number, end: number, characters: string): boolean {
  if (end - start - 2 !== characters.length) return false;
  for (let i = 0; i < characters.length; i++) if (text[start + 1 + i] !== characters.charCodeAt(i)) return false;
  return true;
}

/** The string between two quotes; most have no escape sequence and are what they look like. */
function parseString(text: Buffer, start: number, end: number): string {
  const inner = text.toString('utf8', start + 1, end - 1);
  return inner.includes('\\') ? JSON.parse(`"${inner}"`) : inner;
}

/** A name as an error message shows it. */
function quote(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}

/** The object without members. */
export const EMPTY_OBJECT: JsonObject = new Members(Buffer.alloc(0), []);
