/** What a piece of JSON text is, for its colour. */
export type JsonTokenKind = 'name' | 'string' | 'number' | 'literal' | 'sign';

export interface JsonToken {
  kind: JsonTokenKind;
  text: string;
}

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"?|[{}[\],:]|[^\s{}[\],:"]+/gs;
const INDENT = '  ';
/** Beyond this depth lines go no further to the right: 512 levels would make a hundred megabytes of 256 KiB. */
const MAX_INDENTS = 32;

/** A valid JSON text with a line for each member and element; every number and string stays as it is written. */
export function formatJson(text: string): string {
  let out = '';
  let depth = 0;
  let opened = false;
  const line = () => `\n${INDENT.repeat(Math.min(depth, MAX_INDENTS))}`;
  for (const [token] of text.matchAll(TOKENS)) {
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    if (opened !== closes && (opened || closes)) out += line();
    opened = token === '{' || token === '[';
    if (opened) depth++;
    out += token;
    if (token === ',') out += line();
    if (token === ':') out += ' ';
  }
  return out;
}

/** The pieces of a JSON text with the space between them; a text that was cut off is taken as far as it goes. */
export function tokenizeJson(text: string): (JsonToken | string)[] {
  const pieces: (JsonToken | string)[] = [];
  let end = 0;
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    if (index > end) pieces.push(text.slice(end, index));
    end = index + token.length;
    pieces.push({ kind: kindOf(token, text, end), text: token });
  }
  if (end < text.length) pieces.push(text.slice(end));
  return pieces;
}

function kindOf(token: string, text: string, end: number): JsonTokenKind {
  if (token[0] === '"') return text[end] === ':' ? 'name' : 'string';
  if (/^[-\d]/.test(token)) return 'number';
  return /^[{}[\],:]$/.test(token) ? 'sign' : 'literal';
}
