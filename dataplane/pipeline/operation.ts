import type { z } from 'zod';
import type { JsonObject, ListOf } from '../json/object.ts';
import type { Counts } from '../metering/port.ts';
import type { Answer, Call } from './call.ts';
import type { ErrorCode } from './errors.ts';

/** What a token must hold: a scope, a role of the system namespace, or nothing beyond being valid; `none` needs no token. */
export type Access = 'kv:read' | 'kv:write' | 'system:read' | 'system:admin' | 'token' | 'none';

/**
 * One call of the API as data: what it takes, what it costs and how it answers. The pipeline serves it, and the OpenAPI
 * document is made of the same fields.
 */
export interface Operation {
  /** operationId of the document and `route` of the metrics. */
  id: string;
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** `{key}`, or another word in braces, stands for the rest of the path up to what follows it, slashes included. */
  path: string;
  summary: string;
  description?: string;
  tag: string;
  access: Access;
  /** Whether `run` needs the store that the request is about, or only to know its project. */
  target: 'store' | 'project' | 'none';
  /** Every call has a line in the audit log, whatever came of it. */
  audited?: boolean;
  /** Members of the query besides `project_id`; each a text as it came, so schemas coerce. */
  query?: z.ZodObject;
  /** Members of the JSON body besides `project_id`; a required one makes the body required. */
  body?: z.ZodObject;
  /** The most bytes that the body may have, where that is more than the largest value needs. */
  bodyBytes?: number;
  /** The member of the body that is an array of objects; see JsonObject.list. */
  list?: ListOf;
  /** Makes the fields out of the members where `body` would be too slow or too little; `body` remains what is documented. */
  read?: (json: JsonObject, call: Call) => Record<string, unknown>;
  /** What is taken from the budget before `run`; absent costs nothing. `run` may report less through `ran`. */
  charge?: (call: Call) => Counts | Promise<Counts>;
  /** Schema of the 200 answer. */
  answer: z.ZodType;
  /** A body that it takes, and what it may answer to that, for people. */
  example?: { body?: object; answer?: unknown };
  /** Content-Type of the 200 answer; application/json where absent. */
  answerType?: string;
  /** What other statuses mean that are no errors in the form of the API; their answers are of the type of the 200 one. */
  otherAnswers?: Readonly<Record<number, string>>;
  /** Part of another operation, as a picture is of a page, and so not in the document. */
  internal?: boolean;
  /** Error codes that this call gives beyond those of every call with a token. */
  errors: readonly ErrorCode[];
  /** `taken` is what the budget was charged beforehand. */
  run: (call: Call, taken: Counts) => Answer | Promise<Answer>;
}
