/** Where a member's value stands in the text, in bytes: from `start` up to, not including, `end`. */
export interface Span {
  start: number;
  end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Why a text is no acceptable JSON object; the message is fit for the client and quotes no value. */
export class JsonError extends Error {}

/**
 * Where the value of each member of a JSON object stands. `text` must be a JSON object, as JSON.parse judges. Throws a
 * JsonError for a name that occurs twice, and for a value that nests deeper than `maxDepth`. It never recurses, so no
 * input exhausts the stack.
 */
export function memberSpans(text: Buffer, maxDepth: number): Map<string, Span> {
  const spans = new Map<string, Span>();
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (text[at] !== CLOSE_BRACE) {
    const nameEnd = stringEnd(text, at);
    const name = JSON.parse(text.toString('utf8', at, nameEnd)) as string;
    if (spans.has(name)) throw new JsonError(`the field ${JSON.stringify(name)} occurs twice`);
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = valueEnd(text, start, maxDepth);
    spans.set(name, { start, end });
    at = skipSpace(text, end);
    if (text[at] === COMMA) at = skipSpace(text, at + 1);
  }
  return spans;
}

function skipSpace(text: Buffer, from: number): number {
  let at = from;
  while (text[at] === 0x20 || text[at] === 0x0a || text[at] === 0x0d || text[at] === 0x09) at++;
  return at;
}

/** The end of the string whose opening quote is at `from`. */
function stringEnd(text: Buffer, from: number): number {
  let at = from + 1;
  for (let byte = text[at]; byte !== QUOTE; byte = text[at]) at += byte === BACKSLASH ? 2 : 1;
  return at + 1;
}

function valueEnd(text: Buffer, from: number, maxDepth: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    switch (text[at]) {
      case QUOTE:
        at = stringEnd(text, at) - 1;
        if (depth === 0) return at + 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++depth > maxDepth) throw new JsonError(`a value may nest at most ${maxDepth} levels deep`);
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth === 0) return scalarEnd(text, at);
        if (--depth === 0) return at + 1;
        break;
      case COMMA:
        if (depth === 0) return scalarEnd(text, at);
    }
  }
  return text.length;
}

/** A number or literal ends before the comma or brace at `delimiter`, and before the space in front of that. */
function scalarEnd(text: Buffer, delimiter: number): number {
  let end = delimiter;
  while (text[end - 1] === 0x20 || text[end - 1] === 0x0a || text[end - 1] === 0x0d || text[end - 1] === 0x09) end--;
  return end;
}
