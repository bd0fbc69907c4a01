/** How many levels deep a value may nest. */
export const MAX_DEPTH = 512;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Why a text is no acceptable JSON; the message is fit for the client and quotes no value. */
export class JsonError extends Error {}

/**
 * The end of the JSON value (RFC 8259) that starts at `from`, in bytes. Throws a JsonError where there is none, or one
 * that nests deeper than `room` levels. Nothing is made of what is read, because a value in memory may be many times its
 * text. It recurses once per level, so `room` also keeps any input from exhausting the stack.
 */
export function valueEnd(text: Buffer, from: number, room = MAX_DEPTH): number {
  switch (text[from]) {
    case QUOTE:
      return stringEnd(text, from);
    case OPEN_BRACE:
      return objectEnd(text, from, room);
    case OPEN_BRACKET:
      return arrayEnd(text, from, room);
    case 0x74:
      return wordEnd(text, from, 'true');
    case 0x66:
      return wordEnd(text, from, 'false');
    case 0x6e:
      return wordEnd(text, from, 'null');
    default:
      return numberEnd(text, from);
  }
}

/** The end of the string whose opening quote is at `from`; throws a JsonError where it is none. */
export function stringEnd(text: Buffer, from: number): number {
  if (text[from] !== QUOTE) throw notJson();
  let at = from + 1;
  for (;;) {
    const byte = text[at] ?? 0;
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at = escapeEnd(text, at + 1);
    else if (byte < 0x20) throw notJson();
    else at++;
  }
}

/** The end of the space, if any, that starts at `from`. */
export function spaceEnd(text: Buffer, from: number): number {
  let at = from;
  if ((text[at] ?? 0) > 0x20) return at;
  while (text[at] === 0x20 || text[at] === 0x0a || text[at] === 0x0d || text[at] === 0x09) at++;
  return at;
}

/** Where the value of a member starts whose name ends at `from`; throws a JsonError where no colon follows. */
export function afterColon(text: Buffer, from: number): number {
  const at = spaceEnd(text, from);
  if (text[at] !== COLON) throw notJson();
  return spaceEnd(text, at + 1);
}

/** Where the next member or element starts, -1 where `close` follows; throws a JsonError where neither does. */
export function afterComma(text: Buffer, at: number, close: number): number {
  if (text[at] === COMMA) return spaceEnd(text, at + 1);
  if (text[at] === close) return -1;
  throw notJson();
}

/** The error of a text that is not JSON at all. */
export function notJson(): JsonError {
  return new JsonError('the body is not valid JSON');
}

function objectEnd(text: Buffer, from: number, room: number): number {
  if (room === 0) throw tooDeep();
  let end = spaceEnd(text, from + 1);
  if (text[end] === CLOSE_BRACE) return end + 1;
  for (let at = end; at >= 0; at = afterComma(text, end, CLOSE_BRACE)) {
    end = spaceEnd(text, valueEnd(text, afterColon(text, stringEnd(text, at)), room - 1));
  }
  return end + 1;
}

function arrayEnd(text: Buffer, from: number, room: number): number {
  if (room === 0) throw tooDeep();
  let end = spaceEnd(text, from + 1);
  if (text[end] === CLOSE_BRACKET) return end + 1;
  for (let at = end; at >= 0; at = afterComma(text, end, CLOSE_BRACKET)) {
    end = spaceEnd(text, valueEnd(text, at, room - 1));
  }
  return end + 1;
}

/** The end of an escape sequence, from behind its backslash. */
function escapeEnd(text: Buffer, from: number): number {
  switch (text[from]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return from + 1;
    case 0x75: // u
      for (let at = from + 1; at < from + 5; at++) if (!isHex(text[at] ?? 0)) throw notJson();
      return from + 5;
    default:
      throw notJson();
  }
}

function isHex(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function numberEnd(text: Buffer, from: number): number {
  let at = text[from] === MINUS ? from + 1 : from;
  at = text[at] === ZERO ? at + 1 : digitsEnd(text, at);
  if (text[at] === POINT) at = digitsEnd(text, at + 1);
  if (text[at] === 0x65 || text[at] === 0x45) {
    at++;
    if (text[at] === 0x2b || text[at] === MINUS) at++;
    at = digitsEnd(text, at);
  }
  return at;
}

/** The end of one or more digits. */
function digitsEnd(text: Buffer, from: number): number {
  let at = from;
  while (isDigit(text[at] ?? 0)) at++;
  if (at === from) throw notJson();
  return at;
}

function wordEnd(text: Buffer, from: number, word: string): number {
  for (let i = 0; i < word.length; i++) if (text[from + i] !== word.charCodeAt(i)) throw notJson();
  return from + word.length;
}

function tooDeep(): JsonError {
  return new JsonError(`a value may nest at most ${MAX_DEPTH} levels deep`);
}
