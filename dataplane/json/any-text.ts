import { isUtf8 } from 'node:buffer';
import { JsonError, spaceEnd, valueEnd } from './scan.ts';

/**
 * Any bytes as JSON text: what is a JSON value stays as it is, and all else becomes a JSON string, where bytes that are
 * no UTF-8 are replaced by U+FFFD. JSON that nests deeper than a value of the API may counts as a text as well.
 */
export function asJson(bytes: Buffer): Buffer {
  return isUtf8(bytes) && isJson(bytes) ? bytes : Buffer.from(JSON.stringify(bytes.toString('utf8')));
}

function isJson(text: Buffer): boolean {
  try {
    return spaceEnd(text, valueEnd(text, spaceEnd(text, 0))) === text.length;
  } catch (error) {
    if (error instanceof JsonError) return false;
    throw error;
  }
}
