import * as z from 'zod';
import { type Answer, ok } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import type { Operation } from '../pipeline/operation.ts';
import { presentDeleted, presentEntry } from './present.ts';
import { entrySchema, ttlSchema } from './schemas.ts';

/** The most bytes of JSON text that a value may have. */
export const MAX_VALUE_BYTES = 262_144;

const putBody = z.object({
  value: z.json().optional().describe(`What to store: any JSON of at most ${MAX_VALUE_BYTES} bytes`),
  ttl: ttlSchema.optional(),
  if_not_exists: z.boolean('if_not_exists must be true or false').optional(),
});

const getEntry: Operation = {
  id: 'getEntry',
  method: 'GET',
  path: '/infra/kv/{key}',
  tag: 'infra/kv',
  summary: 'Get a value',
  access: 'kv:read',
  target: 'store',
  charge: () => ({ get: 1 }),
  answer: entrySchema,
  errors: ['not_found'],
  async run({ store, key }) {
    const entry = await store.get(key);
    if (entry === null) throw noSuchKey({ get: 1 });
    return ok(presentEntry(key, entry.value, entry.expiresAt));
  },
};

const putEntry: Operation = {
  id: 'putEntry',
  method: 'PUT',
  path: '/infra/kv/{key}',
  tag: 'infra/kv',
  summary: 'Set a value',
  access: 'kv:write',
  target: 'store',
  body: putBody,
  charge: () => ({ set: 1 }),
  answer: entrySchema,
  errors: ['conflict', 'payload_too_large', 'store_full'],
  async run({ store, key, body }) {
    const { ttl, if_not_exists: ifNotExists } = body.fields as z.infer<typeof putBody>;
    const value = requireValue(body.json.text('value'));
    const written = await store.set(key, value, {
      expiry: ttl === undefined ? undefined : { seconds: ttl },
      only: ifNotExists ? 'if-absent' : undefined,
    });
    if (!written) throw new ApiError('conflict', 'the key exists, and if_not_exists is set');
    return ok(presentEntry(key, value, written.expiresAt));
  },
};

const deleteEntry: Operation = {
  id: 'deleteEntry',
  method: 'DELETE',
  path: '/infra/kv/{key}',
  tag: 'infra/kv',
  summary: 'Delete a key',
  access: 'kv:write',
  target: 'store',
  body: z.object({}),
  charge: () => ({ delete: 1 }),
  answer: z.object({ key: z.string(), deleted: z.literal(true), status: z.literal('ok') }),
  errors: ['not_found'],
  async run({ store, key }) {
    if ((await store.delete([key])) === 0) throw noSuchKey();
    return ok(presentDeleted(key));
  },
};

/** The calls under `/infra/kv`. */
export const infraKv: readonly Operation[] = [getEntry, putEntry, deleteEntry];

/** The text of a value; throws bad_request where the body lacks one, and payload_too_large where it is too long. */
export function requireValue(value: Buffer | undefined): Buffer {
  if (!value) throw new ApiError('bad_request', 'send a JSON body with the field value');
  if (value.length > MAX_VALUE_BYTES) {
    throw new ApiError('payload_too_large', `the value has ${value.length} bytes of JSON; at most ${MAX_VALUE_BYTES}`);
  }
  return value;
}

function noSuchKey(ran?: Answer['ran']): ApiError {
  return new ApiError('not_found', 'there is no such key', ran ? { ran } : {});
}
