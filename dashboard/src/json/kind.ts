/** What kind of value a JSON text is; a whole number is a counter, since increments work on it. */
export type ValueKind = 'object' | 'array' | 'string' | 'counter' | 'number' | 'boolean' | 'null';

/** The kind of a valid JSON text, by how it begins. */
export function kindOf(text: string): ValueKind {
  switch (text.trimStart()[0]) {
    case '{':
      return 'object';
    case '[':
      return 'array';
    case '"':
      return 'string';
    case 't':
    case 'f':
      return 'boolean';
    case 'n':
      return 'null';
    default:
      return /^\s*-?\d+\s*$/.test(text) ? 'counter' : 'number';
  }
}
