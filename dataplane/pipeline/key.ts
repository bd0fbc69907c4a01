import { ApiError } from './errors.ts';

/** The most characters of a key, in code points. */
export const MAX_CODE_POINTS = 512;

/** The rule of the API for keys; a control character or two dots in a row make a key invalid. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the rule is about
export const KEY_PATTERN = /^(?!.*\.\.)[^\x00-\x1f\x7f]+$/su;

/** What is wrong with a key, undefined where nothing is. */
export function keyProblem(key: string): string | undefined {
  if (key === '') return 'the key is empty';
  if (!key.isWellFormed()) return 'the key holds half of a surrogate pair';
  // A key has at most as many code points as code units, so most need no counting.
  if (key.length > MAX_CODE_POINTS && [...key].length > MAX_CODE_POINTS) {
    return `the key is longer than ${MAX_CODE_POINTS} characters`;
  }
  if (!KEY_PATTERN.test(key)) return 'the key holds a control character or two dots in a row';
  return undefined;
}

/** Whether some key may begin with that text, which may be empty. */
export function isPrefix(text: string): boolean {
  return text === '' || keyProblem(text) === undefined;
}

/** A percent-encoded path as text, undefined where the encoding is broken or the bytes are not UTF-8. */
export function decodePath(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

/** The key that a part of a path spells; throws bad_request where it spells none. */
export function readKey(raw: string): string {
  const key = decodePath(raw);
  if (key === undefined) throw new ApiError('bad_request', 'the key is not percent-encoded UTF-8');
  const problem = keyProblem(key);
  if (problem !== undefined) throw new ApiError('bad_request', problem);
  return key;
}
