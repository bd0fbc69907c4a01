import { isUtf8 } from 'node:buffer';
import { JsonError, memberSpans } from './spans.ts';

/** A JSON object of a request: what its members are worth, and the bytes in which each was written. */
export interface JsonObject {
  names: readonly string[];
  has(name: string): boolean;
  /** The member as a JavaScript value, undefined where it is absent; numbers may have lost digits. */
  value(name: string): unknown;
  /** The member's text exactly as it came, without the space around it; undefined where it is absent. */
  text(name: string): Buffer | undefined;
}

/** Reads a JSON object (RFC 8259) from UTF-8 without loss. Throws a JsonError; see memberSpans for the limits. */
export function parseObject(bytes: Buffer, maxDepth: number): JsonObject {
  if (!isUtf8(bytes)) throw new JsonError('the body is not valid UTF-8');
  const members = parse(bytes);
  if (typeof members !== 'object' || members === null || Array.isArray(members)) {
    throw new JsonError('the body must be a JSON object');
  }
  const spans = memberSpans(bytes, maxDepth);
  return {
    names: [...spans.keys()],
    has: (name) => spans.has(name),
    value: (name) => (spans.has(name) ? (members as Record<string, unknown>)[name] : undefined),
    text: (name) => {
      const span = spans.get(name);
      return span && bytes.subarray(span.start, span.end);
    },
  };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's own message quotes the text.
    throw new JsonError('the body is not valid JSON');
  }
}

/** The object without members. */
export const EMPTY_OBJECT: JsonObject = {
  names: [],
  has: () => false,
  value: () => undefined,
  text: () => undefined,
};
