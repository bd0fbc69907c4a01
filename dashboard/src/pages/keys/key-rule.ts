const MAX_CODE_POINTS = 512;

/** Why a text cannot be a key of this page; undefined where it can. The API's rule for keys, but for the single dot. */
export function faultOfKey(key: string): string | undefined {
  if (key === '') return 'A key has at least one character';
  const points = [...key].length;
  if (points > MAX_CODE_POINTS) return `A key has at most ${MAX_CODE_POINTS} characters; this one has ${points}`;
  return faultOfPrefix(key) ?? (key === '.' ? 'A single dot cannot stand in a URL' : undefined);
}

/** Why no key can begin with a text; undefined where one can. */
export function faultOfPrefix(prefix: string): string | undefined {
  if ([...prefix].length > MAX_CODE_POINTS) return `A key has at most ${MAX_CODE_POINTS} characters`;
  if (prefix.includes('..')) return 'A key has no two dots in a row';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (/[\u0000-\u001f\u007f]/.test(prefix)) return 'A key has no control characters, such as tabs and line breaks';
  if (!prefix.isWellFormed()) return 'The text holds half of a character';
  return undefined;
}
