import { hash } from 'node:crypto';
import * as z from 'zod';
import { type Call, ok } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import { isPrefix, MAX_CODE_POINTS } from '../pipeline/key.ts';
import type { Operation } from '../pipeline/operation.ts';
import { SCAN_POSITION } from '../store/port.ts';
import { limitSchema } from './schemas.ts';

/** A page asks the store again while it has found nothing, so many times in all. */
const MOST_LOOKS = 4;
/** Characters of base64url in front of a cursor that tie it to its project's store and prefix. */
const SEAL_LENGTH = 12;

const scanQuery = z.object({
  prefix: z
    .string()
    .refine(isPrefix, `prefix must be at most ${MAX_CODE_POINTS} characters without control characters and ..`)
    .meta({ maxLength: MAX_CODE_POINTS, pattern: '^(?!.*\\.\\.)[^\\x00-\\x1f\\x7f]*$' })
    .default('')
    .describe('How the keys begin, taken literally'),
  cursor: z.string().optional().describe('next_cursor of the page before, with the same prefix'),
  limit: limitSchema.describe('The most names of a page'),
});

/** `GET /infra/kv`: names of keys, page by page. */
export const scanKeys: Operation = {
  id: 'scanKeys',
  method: 'GET',
  path: '/infra/kv',
  tag: 'infra/kv',
  summary: 'List keys by prefix',
  description:
    'A page does a bounded amount of work and may be short or empty while next_cursor goes on. Over all pages each key that is there throughout is given at least once.',
  access: 'kv:read',
  target: 'store',
  query: scanQuery,
  charge: () => ({ scan: 1 }),
  answer: z.object({
    keys: z.array(z.string()),
    next_cursor: z.string().nullable().describe('Where to go on; null at the end'),
    status: z.literal('ok'),
  }),
  example: { answer: { keys: ['session:u_123'], next_cursor: null, status: 'ok' } },
  errors: [],
  async run(call) {
    const { prefix, cursor, limit } = call.query as z.infer<typeof scanQuery>;
    let next = cursor === undefined ? undefined : openCursor(call, prefix, cursor);
    let keys: string[] = [];
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      ({ keys, next } = await call.store.scan(`${escapeGlob(prefix)}*`, limit, next));
      if (keys.length > 0 || next === undefined) break;
    }
    call.services.budget.check(call.token.namespace);
    const nextCursor = next === undefined ? null : sealCursor(call, prefix, next);
    return ok(JSON.stringify({ keys, next_cursor: nextCursor, status: 'ok' }));
  },
};

/** Text that a Redis glob takes literally. */
function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}

/** The position as the client gets it. Whoever knows the store's uid could forge one, and would see keys of that store. */
function sealCursor(call: Call, prefix: string, position: string): string {
  return seal(call, prefix, position) + Buffer.from(position).toString('base64url');
}

/** The position of a cursor; throws bad_request where it is not one that was given for this store and prefix. */
function openCursor(call: Call, prefix: string, cursor: string): string {
  const position = Buffer.from(cursor.slice(SEAL_LENGTH), 'base64url').toString('latin1');
  if (!SCAN_POSITION.test(position) || cursor !== sealCursor(call, prefix, position)) {
    throw new ApiError('bad_request', 'bad cursor: send next_cursor of the page before, with the prefix that it had');
  }
  return position;
}

function seal({ target }: Call, prefix: string, position: string): string {
  return hash('sha256', `${target?.uid}\n${position}\n${prefix}`, 'base64url').slice(0, SEAL_LENGTH);
}
