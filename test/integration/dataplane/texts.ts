/** JSON texts that parsing and writing again would change, or that are easily taken for something else. */
export const VALUE_TEXTS: readonly string[] = [
  '9007199254740993',
  '1e400',
  '-0',
  '{ "b" : 1,\n\t"a":[ ] }',
  '"\\u0041\\/\\ud800"',
  '"é\u{1f600}\u2028"',
  'null',
  'false',
  '""',
  '{"__proto__":{"x":1},"op":"delete","x":1,"x":2}',
];
