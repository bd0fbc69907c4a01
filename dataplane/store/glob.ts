/** A Redis glob (https://redis.io/docs/latest/commands/keys/) as an expression over text of one character per byte. */
export function globToRegExp(glob: string): RegExp {
  const pattern = Buffer.from(glob).toString('latin1');
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string;
    if (character === '*') source += source.endsWith('.*') ? '' : '.*';
    else if (character === '?') source += '.';
    else if (character === '[') {
      const set = setAt(pattern, at + 1);
      source += set.source;
      at = set.end;
    } else source += literal(character === '\\' && at + 1 < pattern.length ? (pattern[++at] as string) : character);
  }
  return new RegExp(`^${source}$`, 's');
}

/** A set from after its `[`, and where its `]` is; one that is not closed ends with the pattern. */
function setAt(pattern: string, start: number): { source: string; end: number } {
  const negated = pattern[start] === '^';
  let at = negated ? start + 1 : start;
  let members = '';
  for (; at < pattern.length && pattern[at] !== ']'; at++) {
    if (pattern[at] === '\\' && at + 1 < pattern.length) members += literal(pattern[++at] as string);
    else if (pattern[at + 1] === '-' && at + 2 < pattern.length) {
      const ends = [pattern[at] as string, pattern[at + 2] as string].sort();
      members += ends.map(literal).join('-');
      at += 2;
    } else members += literal(pattern[at] as string);
  }
  return { source: `[${negated ? '^' : ''}${members}]`, end: at };
}

function literal(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
