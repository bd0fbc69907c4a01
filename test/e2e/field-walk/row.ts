/** When a change of a field takes effect: `fixed` at creation only, `restart` by a roll, the others in the running Redis or beside it. */
export type Effect = 'live' | 'restart' | 'hibernation' | 'data plane' | 'claim' | 'token' | 'fixed';

/** A value that must not be taken over. `by` is the API server, by its schema, or the reason of SpecAccepted or Ready. */
export interface Refusal {
  value: unknown;
  by: 'API server' | (string & {});
  /** What the refusal says: the field and the remedy. */
  says: RegExp | readonly RegExp[];
  /** What `read` finds meanwhile, where it is not what it was. */
  reads?: unknown;
}

/** A value that must be taken over, and what `read` of its row must find afterwards. */
export interface Step {
  value: unknown;
  reads: unknown;
  /** Redis is restarted for this value of a field that otherwise changes without. */
  restarts?: true;
}

/**
 * One field, or several that only make sense together, and the walk over it: set, changed, made invalid and mended,
 * removed. `undefined` as a value removes the field.
 */
export interface Row<Seen> {
  /** Paths as in docs/reference/, all of which this row speaks for; the first is the one that is set. */
  fields: readonly [string, ...string[]];
  effect: Effect;
  /** Spec that the walk starts from, beside what every store or token has. */
  base?: Record<string, unknown>;
  /** What is set, in order. */
  values: readonly Step[];
  refused: readonly Refusal[];
  read(seen: Seen): unknown;
}

/** A JSON schema as CRDs have it, as far as the walk reads it. */
export interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
}

/** The paths of all fields of a schema that have no fields of their own, those of a list's items with `[]`. */
export function leaves(schema: Schema, path = 'spec'): string[] {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length > 0) return fields.flatMap(([name, inner]) => leaves(inner, `${path}.${name}`));
  const { items } = schema;
  return items?.properties ? leaves(items, `${path}[]`) : [path];
}

/** A copy of a spec with the field of that path set, up to its first list; `undefined` removes it. */
export function withField(spec: object, path: string, value: unknown): Record<string, unknown> {
  const [whole = ''] = path.split('[]');
  const [name = '', ...rest] = whole.split('.').slice(1);
  const { [name]: old, ...others } = spec as Record<string, unknown>;
  const inner = rest.length > 0 ? withField((old ?? {}) as object, ['', ...rest].join('.'), value) : value;
  const empty = inner === undefined || (rest.length > 0 && Object.keys(inner as object).length === 0);
  return empty ? others : { ...others, [name]: inner };
}

/** A value that the API server refuses, with these words. */
export const schema = (value: unknown, says: RegExp): Refusal => ({ value, by: 'API server', says });
