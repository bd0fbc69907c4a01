import { stringify } from 'yaml';

/** What JavaScript has since Node 21 and TypeScript's library does not describe yet. */
const { parse, rawJSON, isRawJSON } = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): { rawJSON: string };
  isRawJSON(value: unknown): value is { rawJSON: string };
};

/**
 * Parses JSON so that JSON.stringify gives every number back as it was written: 9007199254740993, 1.0 and 1e400 are
 * kept as their text. Throws a SyntaxError where the text is no JSON.
 */
export function parseExactly(text: string): unknown {
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && JSON.stringify(value) !== source ? rawJSON(source) : value,
  );
}

/** As YAML; a number that JavaScript cannot hold is an integer of any size, or else its text. */
export function toYaml(value: unknown): string {
  return stringify(value, (_key, each: unknown) => {
    if (!isRawJSON(each)) return each;
    return /^-?\d+$/.test(each.rawJSON)
      ? BigInt(each.rawJSON)
      : Number.isFinite(Number(each.rawJSON))
        ? Number(each.rawJSON)
        : each.rawJSON;
  });
}
