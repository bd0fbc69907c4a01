import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { type JsonObject, parseObject } from '../json/object.ts';
import { JsonError } from '../json/spans.ts';
import { type Budget, busy, hold } from './admission.ts';
import type { Body, Middleware, State } from './context.ts';
import { ApiError } from './errors.ts';

/** How deep a value may nest. */
const MAX_DEPTH = 512;

export interface BodyLimits {
  /** The most bytes that a body may have. */
  bodyBytes: number;
  budget: Budget;
}

/** Which members a body may have besides `project_id`, and what they must be. */
export type BodySchema = z.ZodObject;

/** Sets `body` where the request has one, after checking its size, type and members; 400, 413 or 415 otherwise. */
export function readJson(limits: BodyLimits, schema: BodySchema): Middleware {
  return async (ctx, next) => {
    const { req, state } = ctx;
    state.body = undefined;
    if (hasBody(req)) {
      requireJson(req);
      state.body = check(parse(await readBytes(req, limits, state)), schema);
    }
    return next();
  };
}

/** RFC 9112, section 6.3: a request has a body where one of these headers says so. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function requireJson({ headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? '';
  if (!/^application\/json *(?:; *charset *= *"?utf-8"? *)?$/i.test(type)) {
    throw new ApiError('unsupported_media_type', 'send the body as Content-Type: application/json, in UTF-8');
  }
}

/** What is left of a body that is too large flows past unread, so that its sender comes to see the answer. */
function readBytes(req: IncomingMessage, { bodyBytes, budget }: BodyLimits, state: State): Promise<Buffer> {
  const tooLarge = () =>
    new ApiError('payload_too_large', `the body has more than ${bodyBytes} bytes; store less under one key`);
  if (Number(req.headers['content-length'] ?? 0) > bodyBytes) throw tooLarge();
  if (req.destroyed) throw new ApiError('bad_request', 'the body broke off');
  const chunks: Buffer[] = [];
  let length = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const onData = (chunk: Buffer) => {
    length += chunk.length;
    hold(budget, state, chunk.length);
    // Admission saw the budget before the body came: clients that all send late would together hold any amount.
    if (length <= bodyBytes && budget.held <= budget.limit) return chunks.push(chunk);
    stop();
    return reject(length > bodyBytes ? tooLarge() : busy());
  };
  const onEnd = () => {
    stop();
    resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
  };
  const onClose = () => {
    stop();
    reject(new ApiError('bad_request', 'the body broke off'));
  };
  const stop = () => req.off('data', onData).off('end', onEnd).off('close', onClose);
  req.on('data', onData).on('end', onEnd).on('close', onClose);
  return promise;
}

function parse(bytes: Buffer): JsonObject {
  try {
    return parseObject(bytes, MAX_DEPTH);
  } catch (error) {
    if (error instanceof JsonError) throw new ApiError('bad_request', error.message);
    throw error;
  }
}

function check(json: JsonObject, schema: BodySchema): Body {
  const unknown = json.names.find((name) => name !== 'project_id' && !Object.hasOwn(schema.shape, name));
  if (unknown !== undefined) {
    const known = Object.keys(schema.shape).join(', ') || 'project_id';
    throw new ApiError('bad_request', `unknown field ${JSON.stringify(unknown.slice(0, 64))}; known are: ${known}`);
  }
  const members = Object.keys(schema.shape).filter(json.has);
  const result = schema.safeParse(Object.fromEntries(members.map((name) => [name, json.value(name)])));
  if (!result.success) throw new ApiError('bad_request', result.error.issues[0]?.message ?? 'the body is not valid');
  return { json, fields: result.data };
}
