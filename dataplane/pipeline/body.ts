import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import { type JsonObject, type ListOf, parseObject } from '../json/object.ts';
import { JsonError } from '../json/scan.ts';
import { ApiError } from './errors.ts';
import { decodePath } from './key.ts';

const NO_QUERY = new URLSearchParams();

/** RFC 9112, section 6.3: a request has a body where one of these headers says so. */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Throws unsupported_media_type where the body is said to be something else than JSON in UTF-8. */
export function requireJson(headers: IncomingHttpHeaders): void {
  const type = headers['content-type'] ?? '';
  if (type === 'application/json') return;
  if (!/^application\/json *(?:; *charset *= *"?utf-8"? *)?$/i.test(type)) {
    throw new ApiError('unsupported_media_type', 'send the body as Content-Type: application/json, in UTF-8');
  }
}

/** The object that a body spells; throws bad_request where it spells none. */
export function parseBody(bytes: Buffer, list?: ListOf): JsonObject {
  try {
    return parseObject(bytes, list);
  } catch (error) {
    if (error instanceof JsonError) throw new ApiError('bad_request', error.message);
    throw error;
  }
}

/**
 * The members of a body as the schema makes them; throws bad_request for an unknown or wrong one. Members in `asText` are
 * allowed and not looked at: what they hold is taken as text.
 */
export function checkBody(
  json: JsonObject,
  schema: z.ZodObject,
  asText: readonly string[] = [],
): Record<string, unknown> {
  const { shape } = schema;
  for (const name of json.names) {
    if (name === 'project_id' || Object.hasOwn(shape, name) || asText.includes(name)) continue;
    throw new ApiError('bad_request', unknownField(name, [...asText, ...Object.keys(shape), 'project_id']));
  }
  const members: [string, unknown][] = [];
  for (const name of Object.keys(shape)) if (json.has(name)) members.push([name, json.value(name)]);
  // fromEntries defines members, so that one called __proto__ is a member like any other.
  return checked(schema, Object.fromEntries(members), 'the body is not valid');
}

/** What to tell of a member that there is not. */
export function unknownField(name: string, known: readonly string[]): string {
  return `unknown field ${JSON.stringify(name.slice(0, 64))}; known are: ${known.join(', ')}`;
}

/** What a query string says; throws bad_request where it is not percent-encoded UTF-8. */
export function readQuery(raw: string): URLSearchParams {
  if (raw === '') return NO_QUERY;
  // URLSearchParams would take what is broken for other text.
  if (decodePath(raw) === undefined) throw new ApiError('bad_request', 'the query is not percent-encoded UTF-8');
  return new URLSearchParams(raw);
}

/** The members of a query as the schema makes them; throws bad_request for an unknown, repeated or wrong one. */
export function checkQuery(query: URLSearchParams, schema: z.ZodObject | undefined): Record<string, unknown> {
  if (query.size === 0) return schema ? checked(schema, {}, '') : {};
  const members = new Map<string, string>();
  for (const [name, value] of query) {
    if (name !== 'project_id' && !(schema && Object.hasOwn(schema.shape, name))) {
      throw new ApiError('bad_request', `unknown query parameter ${JSON.stringify(name.slice(0, 64))}`);
    }
    if (members.has(name)) throw new ApiError('bad_request', `the query has more than one ${name}`);
    members.set(name, value);
  }
  members.delete('project_id');
  return schema ? checked(schema, Object.fromEntries(members), 'the query is not valid') : {};
}

function checked(schema: z.ZodObject, members: object, otherwise: string): Record<string, unknown> {
  const result = schema.safeParse(members);
  if (!result.success) throw new ApiError('bad_request', result.error.issues[0]?.message ?? otherwise);
  return result.data;
}
