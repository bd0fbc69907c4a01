import * as z from 'zod';
import { ok } from '../pipeline/call.ts';
import { MAX_CODE_POINTS } from '../pipeline/key.ts';
import type { Operation } from '../pipeline/operation.ts';

/** Past so many names, bytes of names, or names looked at, the answer ends and says so. */
const MOST_NAMES = 10_000;
const MOST_BYTES = 4_194_304;
const MOST_EXAMINED = 1_000_000;
const PAGE = 1000;
/** Names looked at for the price of one scan. */
const EXAMINED_PER_SCAN = 1000;
/** What a name takes up beside its characters. */
const NAME_BYTES = 64;

const keysBody = z.object({
  pattern: z
    .string('pattern must be a string')
    .refine((pattern) => pattern.isWellFormed() && [...pattern].length <= MAX_CODE_POINTS && pattern !== '', {
      error: `pattern must have 1 to ${MAX_CODE_POINTS} characters`,
    })
    .meta({ minLength: 1, maxLength: MAX_CODE_POINTS })
    .describe('A Redis glob: * ? [abc] [^a] [a-z], and a backslash before what is meant literally'),
});

/** `POST /api/kv/keys`. */
export const listKeys: Operation = {
  id: 'kvKeys',
  method: 'POST',
  path: '/api/kv/keys',
  tag: 'api/kv',
  summary: 'List keys by pattern',
  description: `At most ${MOST_NAMES} names or about 4 MB of them, and at most ${MOST_EXAMINED} looked at; past that truncated is added. For more, page through GET /infra/kv. Costs one scan for each ${EXAMINED_PER_SCAN} names looked at.`,
  access: 'kv:read',
  target: 'store',
  body: keysBody,
  // What it will cost is known when it is over; no more than this is looked at.
  charge: async ({ store }) => ({ scan: scans(Math.min(await store.size(), MOST_EXAMINED)) }),
  answer: z.object({ keys: z.array(z.string()), truncated: z.literal(true).optional() }),
  example: { body: { pattern: 'session:*' }, answer: { keys: ['session:u_123'] } },
  errors: [],
  async run({ store, body, request, token, services }, taken) {
    const { pattern } = body.fields as z.infer<typeof keysBody>;
    const names = new Set<string>();
    let bytes = 0;
    let examined = 0;
    let next: string | undefined;
    do {
      const page = await store.scan(pattern, PAGE, next);
      for (const name of page.keys) names.add(name);
      const more = page.keys.reduce((sum, name) => sum + NAME_BYTES + 2 * name.length, 0);
      bytes += more;
      request.hold(more, token.namespace);
      services.budget.check(token.namespace);
      examined += page.examined;
      next = page.next;
    } while (next !== undefined && names.size < MOST_NAMES && bytes < MOST_BYTES && examined < MOST_EXAMINED);
    const truncated = next !== undefined || names.size > MOST_NAMES;
    const keys = [...names].slice(0, MOST_NAMES);
    const ran = { scan: Math.min(scans(examined), taken.scan ?? 1) };
    const answer = ok(JSON.stringify(truncated ? { keys, truncated } : { keys }));
    // From here on they are in the answer, which is counted as such.
    request.hold(-bytes, token.namespace);
    return { ...answer, ran };
  },
};

function scans(examined: number): number {
  return Math.max(1, Math.ceil(examined / EXAMINED_PER_SCAN));
}
