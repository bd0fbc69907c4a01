import * as z from 'zod';

/** A JSON Schema of draft 2020-12, which is that of OpenAPI 3.1. */
export type JsonSchema = Record<string, unknown>;

/** `input` is what a client sends, `output` what it gets. */
export type Convert = (type: z.ZodType, io: 'input' | 'output') => JsonSchema;

/**
 * Converts zod schemas. Those that have an `id` in their metadata are collected in `shared`, to stand under
 * `components.schemas`; throws where two differ under one id.
 */
export function createConverter(shared: Record<string, JsonSchema>): Convert {
  return (type, io) => {
    const { $schema: _, $defs = {}, ...schema } = z.toJSONSchema(type, { io }) as JsonSchema;
    for (const [name, definition] of Object.entries($defs as Record<string, JsonSchema>)) {
      if (isNumbered(name)) continue;
      const moved = rewrite(definition) as JsonSchema;
      if (shared[name] && JSON.stringify(shared[name]) !== JSON.stringify(moved)) {
        throw new Error(`two schemas are called ${name}; give each an id of its own`);
      }
      shared[name] = moved;
    }
    return rewrite(schema) as JsonSchema;
  };
}

/** zod numbers what refers to itself and has no id: the grammar of JSON that z.json() spells out. */
function isNumbered(name: string): boolean {
  return name.startsWith('__schema');
}

/** Says what a reader understands where zod says what it checks, and refers to the shared schemas. */
function rewrite(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(rewrite);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, id: _, pattern, ...rest } = schema as JsonSchema;
  const result: JsonSchema = {};
  for (const [name, value] of Object.entries(rest)) {
    if (name === 'properties') result[name] = mapValues(value as object, rewrite);
    else result[name] = LITERAL.has(name) ? value : rewrite(value);
  }
  if (typeof $ref === 'string') {
    const name = $ref.slice('#/$defs/'.length);
    // Any JSON is what a schema without rules means.
    if (!isNumbered(name)) result.$ref = `#/components/schemas/${name}`;
  }
  if (pattern !== undefined && rest.format !== 'date-time') result.pattern = pattern;
  return result;
}

/** Keywords whose value is no schema. */
const LITERAL = new Set(['const', 'default', 'enum', 'examples']);

function mapValues(object: object, map: (value: unknown) => unknown): JsonSchema {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}
