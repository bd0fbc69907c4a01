import * as z from 'zod';
import type { JsonObject } from '../json/object.ts';
import { checkBody } from '../pipeline/body.ts';
import { ok } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import { keyProblem } from '../pipeline/key.ts';
import type { Operation } from '../pipeline/operation.ts';
import { listKeys } from './kv-keys.ts';
import { presentValue } from './present.ts';
import { withEntry } from './recall.ts';
import { deltaSchema, keySchema, valueSchema } from './schemas.ts';
import { requireValue } from './value.ts';

/** What all calls of this surface have in common. */
const post = { method: 'POST', tag: 'api/kv', target: 'store' } as const;

const keyBody = z.object({ key: keySchema });

const duration = (name: string, unit: string) =>
  z
    .int(`${name} must be a whole number of ${unit} up to 2^53−1`)
    .min(1, `${name} must be at least 1`)
    .optional()
    .describe(`Expires after so many ${unit}`);
const flag = (name: string) => z.boolean(`${name} must be true or false`).optional();

const setFields = z.object({
  key: keySchema,
  ex: duration('ex', 'seconds'),
  px: duration('px', 'milliseconds'),
  nx: flag('nx').describe('Write only where the key does not exist'),
  xx: flag('xx').describe('Write only where the key exists'),
});
const setRules = setFields
  .refine(({ ex, px }) => ex === undefined || px === undefined, 'ex and px exclude each other')
  .refine(({ nx, xx }) => !(nx && xx), 'nx and xx exclude each other');

/** The same rules for the document. */
const EXCLUSIONS = {
  anyOf: [
    { required: ['ex', 'px'] },
    { required: ['nx', 'xx'], properties: { nx: { const: true }, xx: { const: true } } },
  ],
};

const NO_FIELDS = z.object({});
const delBody = z.object({ keys: z.array(keySchema, 'keys must be an array of strings') });
const incrBody = z.object({ key: keySchema, amount: deltaSchema('amount').describe('What to add, whole or not') });
const expireBody = z.object({
  key: keySchema,
  seconds: z
    .int('seconds must be a whole number within ±(2^53−1)')
    .describe('Seconds from now; 0 or less deletes the key'),
});

const getValue: Operation = {
  ...post,
  id: 'kvGet',
  path: '/api/kv/get',
  summary: 'Get a value',
  access: 'kv:read',
  body: keyBody,
  charge: () => ({ get: 1 }),
  answer: z.object({ value: z.json().describe('null where there is no such key') }),
  example: { body: { key: 'session:u_123' }, answer: { value: { role: 'admin' } } },
  errors: ['conflict'],
  run(call) {
    const { key } = call.body.fields as z.infer<typeof keyBody>;
    return withEntry(call, key, (entry) => ok(presentValue(entry?.value ?? null)));
  },
};

const setValue: Operation = {
  ...post,
  id: 'kvSet',
  path: '/api/kv/set',
  summary: 'Set a value',
  access: 'kv:write',
  body: setFields.extend({ value: valueSchema }).meta({ not: EXCLUSIONS }),
  read: (json) => checkBody(json, setRules, ['value']),
  charge: () => ({ set: 1 }),
  answer: z.object({ result: z.literal('OK').nullable().describe('null where nx or xx did not hold') }),
  example: { body: { key: 'session:u_123', value: { role: 'admin' }, ex: 86400 }, answer: { result: 'OK' } },
  errors: ['payload_too_large', 'store_full'],
  async run({ store, body }) {
    const { key, ex, px, nx, xx } = body.fields as z.infer<typeof setFields>;
    const value = requireValue(body.json.text('value'));
    const written = await store.set(key, value, {
      expiry: ex !== undefined ? { seconds: ex } : px !== undefined ? { milliseconds: px } : undefined,
      only: nx ? 'if-absent' : xx ? 'if-present' : undefined,
    });
    return ok(written ? '{"result":"OK"}' : '{"result":null}');
  },
};

const deleteKeys: Operation = {
  ...post,
  id: 'kvDel',
  path: '/api/kv/del',
  summary: 'Delete keys',
  access: 'kv:write',
  body: delBody,
  read: (json) => ({ keys: readKeys(json) }),
  charge: ({ body }) => ({ delete: (body.fields as z.infer<typeof delBody>).keys.length }),
  answer: z.object({ deleted: z.int().min(0).describe('How many of the keys there were') }),
  example: { body: { keys: ['a', 'b'] }, answer: { deleted: 2 } },
  errors: [],
  async run({ store, body }) {
    const { keys } = body.fields as z.infer<typeof delBody>;
    return ok(JSON.stringify({ deleted: keys.length === 0 ? 0 : await store.delete(keys) }));
  },
};

const incrementValue: Operation = {
  ...post,
  id: 'kvIncr',
  path: '/api/kv/incr',
  summary: 'Add to a number',
  description: 'Atomic; a key that does not exist counts as 0.',
  access: 'kv:write',
  body: incrBody,
  charge: () => ({ increment: 1 }),
  answer: z.object({ value: z.number() }),
  example: { body: { key: 'hits', amount: 1 }, answer: { value: 42 } },
  errors: ['conflict', 'not_a_number', 'overflow', 'store_full'],
  async run({ store, body }) {
    const { key, amount } = body.fields as z.infer<typeof incrBody>;
    const { value } = await store.increment(key, amount);
    return ok(presentValue(value));
  },
};

const expireKey: Operation = {
  ...post,
  id: 'kvExpire',
  path: '/api/kv/expire',
  summary: 'Let a key expire',
  access: 'kv:write',
  body: expireBody,
  charge: () => ({ set: 1 }),
  answer: z.object({ result: z.union([z.literal(1), z.literal(0)]), success: z.boolean() }),
  example: { body: { key: 'session:u_123', seconds: 3600 }, answer: { result: 1, success: true } },
  errors: [],
  async run({ store, body }) {
    const { key, seconds } = body.fields as z.infer<typeof expireBody>;
    const success = await store.expire(key, seconds);
    return ok(JSON.stringify({ result: success ? 1 : 0, success }));
  },
};

const timeToLive: Operation = {
  ...post,
  id: 'kvTtl',
  path: '/api/kv/ttl',
  summary: 'Tell when a key expires',
  access: 'kv:read',
  body: keyBody,
  charge: () => ({ get: 1 }),
  answer: z.object({
    ttl: z.int().min(-2).describe('Seconds; −1 where the key does not expire, −2 where there is none'),
  }),
  example: { body: { key: 'session:u_123' }, answer: { ttl: 3600 } },
  errors: [],
  async run({ store, body }) {
    const { key } = body.fields as z.infer<typeof keyBody>;
    return ok(JSON.stringify({ ttl: await store.ttl(key) }));
  },
};

/** By the rules of delBody, up to the first that is wrong: a schema would tell of each of a hundred thousand. */
function readKeys(json: JsonObject): readonly string[] {
  checkBody(json, NO_FIELDS, ['keys']);
  const keys = json.value('keys');
  if (!Array.isArray(keys)) throw new ApiError('bad_request', 'keys must be an array of strings');
  for (const key of keys) {
    const problem = typeof key === 'string' ? keyProblem(key) : 'a key must be a string';
    if (problem !== undefined) throw new ApiError('bad_request', problem);
  }
  return keys;
}

/** The calls under `/api/kv` that work on keys. */
export const kv: readonly Operation[] = [
  getValue,
  setValue,
  deleteKeys,
  incrementValue,
  expireKey,
  timeToLive,
  listKeys,
];
