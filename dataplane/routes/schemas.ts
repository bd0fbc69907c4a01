import * as z from 'zod';

/** Whole seconds until a key expires. */
export const ttlSchema = z
  .int('ttl must be a whole number of seconds up to 2^53−1')
  .min(1, 'ttl must be at least 1 second')
  .describe('Seconds until the key expires');

/** The answer that shows one key. */
export const entrySchema = z.object({
  key: z.string(),
  value: z.json().describe('As it was stored, byte for byte'),
  expires_at: z.iso
    .datetime({ precision: 3 })
    .nullable()
    .describe('When the key expires, in UTC; null where it does not'),
});
