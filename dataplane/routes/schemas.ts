import * as z from 'zod';
import { KEY_PATTERN, keyProblem, MAX_CODE_POINTS } from '../pipeline/key.ts';
import { MAX_VALUE_BYTES } from './value.ts';

/** A key in a body; the rule is the same as in a path. */
export const keySchema = z
  .string('a key must be a string')
  .refine((key) => keyProblem(key) === undefined, { error: ({ input }) => keyProblem(String(input)) })
  .meta({ minLength: 1, maxLength: MAX_CODE_POINTS, pattern: KEY_PATTERN.source });

/** A value to be stored, for the document: values are taken as text and never go through a schema. */
export const valueSchema = z.json().describe(`What to store: any JSON of at most ${MAX_VALUE_BYTES} bytes`);

/** Whole seconds until a key expires. */
export const ttlSchema = z
  .int('ttl must be a whole number of seconds up to 2^53−1')
  .min(1, 'ttl must be at least 1 second')
  .describe('Seconds until the key expires');

/** What is added to a number. */
export const deltaSchema = (name: string) =>
  z
    .number(`${name} must be a number`)
    .min(Number.MIN_SAFE_INTEGER, `${name} must be at least −(2^53−1)`)
    .max(Number.MAX_SAFE_INTEGER, `${name} must be at most 2^53−1`)
    .default(1);

/** The answer that shows one key. */
export const entrySchema = z.object({
  key: z.string(),
  value: z.json().describe('As it was stored, byte for byte'),
  expires_at: z.iso
    .datetime({ precision: 3 })
    .nullable()
    .describe('When the key expires, in UTC; null where it does not'),
});

/** Tokens of a budget; formatTokens makes them. */
export const tokensSchema = z.string().describe('Tokens, a decimal number with at most 9 digits after the point');

/** A moment in UTC, to the millisecond. */
export const timeSchema = z.iso.datetime({ precision: 3 });

const LIMIT = 'limit must be a whole number from 1 to 1000';

/** `limit` of a query: how much a page has at most. */
export const limitSchema = z
  .string()
  .regex(/^\d{1,4}$/, LIMIT)
  .transform(Number)
  .pipe(z.int(LIMIT).min(1, LIMIT).max(1000, LIMIT))
  .default(100);
