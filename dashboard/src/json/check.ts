/** Where a text stops being JSON, counted from 1, and what is wrong there. */
export interface JsonProblem {
  line: number;
  column: number;
  message: string;
}

/** The API takes values nested this deep. */
const MAX_DEPTH = 512;

const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none within strings
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;
const WORD = /[A-Za-z_$][\w$]*/y;

/** The first fault of a text that should be one JSON value; undefined where it is one. */
export function checkJson(text: string): JsonProblem | undefined {
  let at = 0;
  try {
    if (text.trim() === '') fail('A value is missing');
    value(0);
    if (at < text.length) fail(`The value ends before ${show()}`);
    return undefined;
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return { ...positionOf(text, at), message: fault.message };
  }

  function take(pattern: RegExp): boolean {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  }

  function sign(character: string): boolean {
    if (text[at] !== character) return false;
    at++;
    take(SPACE);
    return true;
  }

  function value(depth: number): void {
    if (depth > MAX_DEPTH) fail(`Values may be nested ${MAX_DEPTH} levels deep`);
    take(SPACE);
    if (sign('{')) members(depth);
    else if (sign('[')) elements(depth);
    else if (text[at] === '"') string();
    else if (!take(LITERAL) && !take(NUMBER)) fail(noValue());
    take(SPACE);
  }

  function members(depth: number): void {
    if (sign('}')) return;
    do {
      if (text[at] === '}') fail('A comma stands before }: take it away');
      if (text[at] === "'" || WORD.test(rest())) fail('Names stand in double quotes');
      if (text[at] !== '"') fail(`A name in double quotes is expected, not ${show()}`);
      string();
      take(SPACE);
      if (!sign(':')) fail(`A colon is expected after the name, not ${show()}`);
      value(depth + 1);
    } while (sign(','));
    if (!sign('}')) fail(`A comma or } is expected, not ${show()}`);
  }

  function elements(depth: number): void {
    if (sign(']')) return;
    do {
      if (text[at] === ']') fail('A comma stands before ]: take it away');
      value(depth + 1);
    } while (sign(','));
    if (!sign(']')) fail(`A comma or ] is expected, not ${show()}`);
  }

  function string(): void {
    if (take(STRING)) return;
    const start = at;
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === '\\') {
        if (!/^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(at, at + 6)))
          fail('After \\ one of "\\/bfnrtu is expected');
        at++;
      } else if ((text[at] ?? '') < ' ') fail('A line break or tab within a string is written as \\n or \\t');
    }
    at = start;
    fail('The string has no closing quote');
  }

  function noValue(): string {
    if (text[at] === "'") return 'Strings stand in double quotes';
    if (WORD.test(rest())) return 'A string stands in double quotes; the only words are true, false and null';
    return `A value is expected, not ${show()}`;
  }

  /** Only the pattern WORD is tried on it, from its beginning. */
  function rest(): string {
    WORD.lastIndex = 0;
    return text.slice(at, at + 2);
  }

  function show(): string {
    const character = text.codePointAt(at);
    return character === undefined ? 'the end' : String.fromCodePoint(character);
  }
}

class Fault extends Error {}

function fail(message: string): never {
  throw new Fault(message);
}

function positionOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}
