import type Router from '@koa/router';
import * as z from 'zod';
import type { Body, Context, Middleware, State } from '../middleware/context.ts';
import { ApiError } from '../middleware/errors.ts';
import { readKey } from '../middleware/key.ts';
import { presentDeleted, presentEntry } from './present.ts';
import type { Toolbox } from './toolbox.ts';

const NAME = '/infra/kv/{key}';
/** Whatever follows is the key, slashes included; so the path has no parameter for the router to decode. */
const PATH = /^\/infra\/kv\//;
const key = readKey('/infra/kv/');

/** The most bytes of JSON text that a value may have. */
const MAX_VALUE_BYTES = 262_144;

const putBody = z.object({
  /** Judged as text, by requireValue. */
  value: z.unknown().optional(),
  ttl: z.int('ttl must be a whole number of seconds up to 2^53−1').min(1, 'ttl must be at least 1 second').optional(),
  if_not_exists: z.boolean('if_not_exists must be true or false').optional(),
});
const deleteBody = z.object({});

/** `GET`, `PUT` and `DELETE /infra/kv/{key}`. */
export function infraKvRoutes(router: Router<State>, use: Toolbox): void {
  const { admit, authenticate, scope, json, resolveStore } = use;
  router.get(NAME, PATH, admit, authenticate, scope('kv:read'), key, resolveStore, get);
  router.put(NAME, PATH, admit, authenticate, scope('kv:write'), key, json(putBody), requireValue, resolveStore, put);
  router.delete(NAME, PATH, admit, authenticate, scope('kv:write'), key, json(deleteBody), resolveStore, remove);
}

async function get(ctx: Context): Promise<void> {
  const { store, key } = ctx.state;
  const entry = await store.get(key);
  if (entry === null) throw noSuchKey();
  answer(ctx, presentEntry(key, entry.value, entry.expiresAt));
}

/** Answers 400 where the body lacks a value, and 413 where its JSON text is too long. */
const requireValue: Middleware = (ctx, next) => {
  const value = ctx.state.body?.json.text('value');
  if (!value) throw new ApiError('bad_request', 'send a JSON body with the field value');
  if (value.length > MAX_VALUE_BYTES) {
    throw new ApiError('payload_too_large', `the value has ${value.length} bytes of JSON; at most ${MAX_VALUE_BYTES}`);
  }
  return next();
};

async function put(ctx: Context): Promise<void> {
  const { store, key } = ctx.state;
  const { json, fields } = ctx.state.body as Body;
  const { ttl, if_not_exists: ifNotExists } = fields as z.infer<typeof putBody>;
  const value = json.text('value') as Buffer;
  const written = await store.set(key, value, { ttl, ifNotExists });
  if (!written) throw new ApiError('conflict', 'the key exists, and if_not_exists is set');
  answer(ctx, presentEntry(key, value, written.expiresAt));
}

async function remove(ctx: Context): Promise<void> {
  const { store, key } = ctx.state;
  if (!(await store.delete(key))) throw noSuchKey();
  answer(ctx, presentDeleted(key));
}

function noSuchKey(): ApiError {
  return new ApiError('not_found', 'there is no such key');
}

function answer(ctx: Context, json: Buffer | string): void {
  ctx.set('Content-Type', 'application/json');
  ctx.body = json;
}
