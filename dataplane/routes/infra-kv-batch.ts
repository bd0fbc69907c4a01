import * as z from 'zod';
import { busy } from '../pipeline/admission.ts';
import { authorize } from '../pipeline/authenticate.ts';
import { type Answer, ok } from '../pipeline/call.ts';
import { discard } from '../pipeline/discard.ts';
import { type ApiError, ERRORS, type ErrorCode, toApiError } from '../pipeline/errors.ts';
import type { Operation } from '../pipeline/operation.ts';
import type { BatchOp, BatchOutcome } from '../store/port.ts';
import { OP_FIELDS, readOps } from './infra-kv-batch-ops.ts';
import { presentResults } from './present-batch.ts';
import { mayRecall } from './recall.ts';
import { keySchema, ttlSchema, valueSchema } from './schemas.ts';

const MOST_OPS = 100;
/** Bytes of a body for each operation: the largest value, and room for the longest key and what is around them. */
const BYTES_PER_OP = 270_336;

const ttl = ttlSchema.optional();
const opSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('get'), key: keySchema, value: valueSchema.optional(), ttl }),
  z.strictObject({ op: z.literal('set'), key: keySchema, value: valueSchema, ttl }),
  z.strictObject({ op: z.literal('delete'), key: keySchema, value: valueSchema.optional(), ttl }),
]);

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];
const resultSchema = z.object({
  key: z.string(),
  value: z.json().describe('What was read or written; null where there is nothing, and after a delete'),
  status: z.enum(['ok', 'not_found', 'error']),
  code: z.enum(codes).optional().describe('Where status is error'),
  message: z.string().optional().describe('Where status is error'),
});

/** `POST /infra/kv`: up to a hundred operations in one request. */
export const runBatch: Operation = {
  id: 'runBatch',
  method: 'POST',
  path: '/infra/kv',
  tag: 'infra/kv',
  summary: 'Run several operations',
  description:
    'In order, not atomically. What can be known to be wrong beforehand is refused as a whole, and nothing of it runs; what fails in the store is the result of that operation alone. Needs kv:read where it gets, and kv:write where it sets or deletes. Each operation that ran is charged.',
  access: 'token',
  target: 'store',
  body: z.object({ ops: z.array(opSchema).max(MOST_OPS) }),
  list: { name: 'ops', most: MOST_OPS, members: OP_FIELDS },
  bodyBytes: MOST_OPS * BYTES_PER_OP,
  read(json, { token }) {
    const ops = readOps(json);
    if (ops.some(({ op }) => op === 'get')) authorize(token, 'kv:read');
    if (ops.some(({ op }) => op !== 'get')) authorize(token, 'kv:write');
    return { ops };
  },
  charge: ({ body }) => count(body.fields.ops as BatchOp[], () => true),
  answer: z.object({ results: z.array(resultSchema) }),
  example: {
    body: {
      ops: [
        { op: 'set', key: 'a', value: [1, 2], ttl: 60 },
        { op: 'get', key: 'a' },
        { op: 'delete', key: 'b' },
      ],
    },
    answer: {
      results: [
        { key: 'a', value: [1, 2], status: 'ok' },
        { key: 'a', value: [1, 2], status: 'ok' },
        { key: 'b', value: null, status: 'not_found' },
      ],
    },
  },
  errors: ['forbidden', 'payload_too_large', 'outcome_unknown'],
  async run(call) {
    const ops = call.body.fields.ops as BatchOp[];
    if (ops.length === 0) return ok('{"results":[]}');
    const { request, store, token, services } = call;
    const read: Buffer[] = [];
    let held = 0;
    let short = false;
    const took = (values: readonly Buffer[]) => {
      const bytes = values.reduce((sum, { length }) => sum + length, 0);
      read.push(...values);
      held += bytes;
      request.hold(bytes, token.namespace);
      short ||= !services.budget.hasRoom(token.namespace);
      return !short;
    };
    const outcomes = await store.batch(ops, { recall: mayRecall(request.headers), took });
    short ||= !services.budget.hasRoom(token.namespace);
    try {
      return answer(ops, short ? withoutValues(ops, outcomes) : outcomes);
    } finally {
      // From here on the answer, if any, has a copy of them, which is counted as such.
      for (const value of read) discard(value);
      request.hold(-held, token.namespace);
    }
  },
};

/** Values that there is no room to hold for an answer are let go; what was written was written. */
function withoutValues(ops: readonly BatchOp[], outcomes: readonly BatchOutcome[]): readonly Outcome[] {
  return outcomes.map((outcome, i) => (ops[i]?.op === 'get' ? busy() : outcome));
}

type Outcome = BatchOutcome | ApiError;

function answer(ops: readonly BatchOp[], outcomes: readonly Outcome[]): Answer {
  const errors = outcomes.map((outcome) => (outcome instanceof Error ? toApiError(outcome) : undefined));
  // Nothing ran: the whole may be sent again, and clients know how.
  const [first] = errors;
  if (first && errors.every((error) => error?.code === 'store_unavailable')) throw first;
  const ran = count(ops, (i) => {
    const outcome = outcomes[i];
    return outcome !== undefined && !(outcome instanceof Error) && (outcome.found || ops[i]?.op === 'get');
  });
  return { ...ok(presentResults(ops, outcomes)), ran };
}

/** How many of each operation there are, of those that `counts` says yes to. */
function count(ops: readonly BatchOp[], counts: (at: number) => boolean): { get: number; set: number; delete: number } {
  const sums = { get: 0, set: 0, delete: 0 };
  for (let i = 0; i < ops.length; i++) if (counts(i)) sums[(ops[i] as BatchOp).op]++;
  return sums;
}
