import type { OpenApiDocument } from '../../dataplane/openapi/document.ts';

/** A schema of JSON, as far as a page shows it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  required?: string[];
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
}

/** A body in one media type. */
export interface Content {
  schema?: Schema;
  example?: unknown;
}

/** A parameter of a call. */
export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: Schema;
}

/** A call of the API. */
export interface Operation {
  tags: string[];
  summary: string;
  description?: string;
  security: { bearer?: string[] }[];
  parameters: (Parameter | { $ref: string })[];
  requestBody?: { required?: boolean; content: Record<string, Content> };
  responses: Record<string, { $ref?: string; description?: string; content?: Record<string, Content> }>;
}

/** What a reference within the document leads to; what is none is returned as it is. */
export function lookUp<T>(document: OpenApiDocument, value: T | { $ref: string }): T {
  if (typeof value !== 'object' || value === null || !('$ref' in value) || typeof value.$ref !== 'string')
    return value as T;
  const path = value.$ref.split('/').slice(1);
  // biome-ignore lint/suspicious/noExplicitAny: a path through JSON
  return path.reduce((node: any, name) => node?.[name.replaceAll('~1', '/').replaceAll('~0', '~')], document) as T;
}
