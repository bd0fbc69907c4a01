import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A JSON Schema, as far as the document has any. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  const?: unknown;
  enum?: unknown[];
}

/** A call as docs/openapi.json has it, its references followed. */
export interface DocumentedCall {
  id: string;
  method: string;
  path: string;
  /** The schemas of what the query may hold, by name. */
  query: Map<string, Schema>;
  body: Schema | undefined;
  answer: Schema | undefined;
}

interface Parameter {
  name: string;
  in: 'query' | 'path';
  schema: Schema;
}

type Content = Record<string, { schema: Schema } | undefined>;

interface Operation {
  operationId: string;
  parameters?: (Parameter | { $ref: string })[];
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content } | undefined>;
}

const document = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
};

/** Every call of the document. */
export const calls: readonly DocumentedCall[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId, parameters = [], requestBody, responses }]) => {
    const inQuery = parameters.map((each) => follow<Parameter>(each)).filter((each) => each.in === 'query');
    return {
      id: operationId,
      method: method.toUpperCase(),
      path,
      query: new Map(inQuery.map(({ name, schema }) => [name, inline(schema)])),
      body: inlined(requestBody?.content['application/json']?.schema),
      answer: inlined(responses['200']?.content?.['application/json']?.schema),
    };
  }),
);

/** Those that are not probes and pages. */
export const forClients: readonly DocumentedCall[] = calls.filter(({ path }) => /^\/(infra|api|core)\//.test(path));

function follow<T extends object>(value: T | { $ref: string }): T {
  if (!('$ref' in value)) return value;
  const steps = value.$ref.split('/').slice(1);
  return steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document) as T;
}

function inlined(schema: Schema | undefined): Schema | undefined {
  return schema === undefined ? undefined : inline(schema);
}

function inline(schema: Schema): Schema {
  const { properties, items, anyOf, oneOf, ...rest } = follow<Schema>(schema as Schema & { $ref: string });
  const members = Object.entries(properties ?? {}).map(([name, each]) => [name, inline(each)]);
  return {
    ...rest,
    ...(properties ? { properties: Object.fromEntries(members) } : {}),
    ...(items ? { items: inline(items) } : {}),
    ...(anyOf ? { anyOf: anyOf.map(inline) } : {}),
    ...(oneOf ? { oneOf: oneOf.map(inline) } : {}),
  };
}
