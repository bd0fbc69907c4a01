/** A string, a bracket, or a separator at the outer level: all that matters for finding members. */
const MARKS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/gs;

/** The members of a valid JSON object with the text of each value as it stands there, without the space around it. */
export function membersOf(object: string): Map<string, string> {
  const members = new Map<string, string>();
  let depth = 0;
  let name: string | undefined;
  let start = 0;
  for (const { 0: mark, index } of object.matchAll(MARKS)) {
    const first = mark[0];
    if (first === '{' || first === '[') depth++;
    else if (first === '}' || first === ']') depth--;
    else if (depth === 1 && name === undefined && first === '"') name = JSON.parse(mark);
    else if (depth === 1 && first === ':') start = index + 1;
    const ends = (depth === 1 && first === ',') || depth === 0;
    if (ends && name !== undefined) {
      members.set(name, object.slice(start, index).trim());
      name = undefined;
    }
  }
  return members;
}
