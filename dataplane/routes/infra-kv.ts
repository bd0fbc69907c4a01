import * as z from 'zod';
import { checkBody } from '../pipeline/body.ts';
import { type Answer, ok } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import type { Operation } from '../pipeline/operation.ts';
import { runBatch } from './infra-kv-batch.ts';
import { scanKeys } from './infra-kv-scan.ts';
import { presentDeleted, presentEntry, presentSum } from './present.ts';
import { withEntry } from './recall.ts';
import { deltaSchema, entrySchema, ttlSchema, valueSchema } from './schemas.ts';
import { requireValue } from './value.ts';

const putFields = z.object({
  ttl: ttlSchema.optional(),
  if_not_exists: z
    .boolean('if_not_exists must be true or false')
    .optional()
    .describe('Answer 409 where the key exists'),
});

const incrementFields = z.object({
  delta: deltaSchema('delta').describe('What to add, whole or not; negative to subtract'),
  ttl: ttlSchema.optional().describe('Seconds until the key expires, where this call creates it'),
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
  example: { answer: { key: 'session:u_123', value: { role: 'admin' }, expires_at: '2026-03-05T00:00:00.000Z' } },
  errors: ['not_found', 'conflict'],
  run(call) {
    const { key } = call;
    return withEntry(call, key, (entry) => {
      if (entry === null) throw noSuchKey({ get: 1 });
      return ok(presentEntry(key, entry.value, entry.expiresAt));
    });
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
  body: putFields.extend({ value: valueSchema }),
  read: (json) => checkBody(json, putFields, ['value']),
  charge: () => ({ set: 1 }),
  answer: entrySchema,
  example: {
    body: { value: { role: 'admin' }, ttl: 86400 },
    answer: { key: 'session:u_123', value: { role: 'admin' }, expires_at: '2026-03-05T00:00:00.000Z' },
  },
  errors: ['conflict', 'payload_too_large', 'store_full'],
  async run({ store, key, body }) {
    const { ttl, if_not_exists: ifNotExists } = body.fields as z.infer<typeof putFields>;
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
  example: { answer: { key: 'session:u_123', deleted: true, status: 'ok' } },
  errors: ['not_found'],
  async run({ store, key }) {
    if ((await store.delete([key])) === 0) throw noSuchKey();
    return ok(presentDeleted(key));
  },
};

const incrementEntry: Operation = {
  id: 'incrementEntry',
  method: 'POST',
  path: '/infra/kv/{key}/increment',
  tag: 'infra/kv',
  summary: 'Add to a number',
  description: 'Atomic; a key that does not exist counts as 0.',
  access: 'kv:write',
  target: 'store',
  body: incrementFields,
  charge: () => ({ increment: 1 }),
  answer: entrySchema.extend({ status: z.literal('ok') }),
  example: { body: { delta: 1, ttl: 60 }, answer: { key: 'hits', value: 42, expires_at: null, status: 'ok' } },
  errors: ['conflict', 'not_a_number', 'overflow', 'store_full'],
  async run({ store, key, body }) {
    const { delta, ttl } = body.fields as z.infer<typeof incrementFields>;
    const { value, expiresAt } = await store.increment(key, delta, ttl);
    return ok(presentSum(key, value, expiresAt));
  },
};

/** The calls under `/infra/kv`. */
export const infraKv: readonly Operation[] = [getEntry, putEntry, deleteEntry, incrementEntry, scanKeys, runBatch];

function noSuchKey(ran?: Answer['ran']): ApiError {
  return new ApiError('not_found', 'there is no such key', ran ? { ran } : {});
}
