import * as z from 'zod';
import { formatTokens, type PricedOperation } from '../../contract/prices.ts';
import type { Reach } from '../directory/reach.ts';
import { LedgerError } from '../metering/ledger-port.ts';
import type { Account, Usage } from '../metering/port.ts';
import { ok } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import type { Operation } from '../pipeline/operation.ts';
import { requireKnown } from '../pipeline/project.ts';
import { timeSchema, tokensSchema } from './schemas.ts';

const operationUsage = z.object({ count: z.int().describe('How many ran'), tokens: tokensSchema });

const usageSchema = z.object({
  project_id: z.string(),
  period: z.object({ start: timeSchema, end: timeSchema }).describe('The calendar month in UTC; end is the next start'),
  budget: tokensSchema.nullable().describe('Tokens for the period; null where the project has no budget'),
  used: tokensSchema,
  remaining: tokensSchema.nullable(),
  operations: z.object({
    get: operationUsage,
    set: operationUsage,
    delete: operationUsage,
    increment: operationUsage,
    scan: operationUsage,
  } satisfies Record<PricedOperation, z.ZodType>),
});

/** `GET /api/kv/usage`. */
export const getUsage: Operation = {
  id: 'getUsage',
  method: 'GET',
  path: '/api/kv/usage',
  tag: 'account',
  summary: 'What a project has used of its budget in this period',
  description: 'Costs nothing, and is answered whatever the store does. May lack what other replicas ran a second ago.',
  access: 'token',
  target: 'project',
  answer: usageSchema,
  errors: ['project_required', 'not_found', 'store_unavailable'],
  async run({ reach, services }) {
    const account = requireAccount(reach);
    const usage = await services.meter.usage(account).catch(rejectAway);
    return ok(JSON.stringify(presentUsage(account.project, usage)));
  },
};

/** The account of the project that a call is about; throws where the token reaches none, or the store serves no project. */
export function requireAccount(reach: Reach): Account {
  const known = requireKnown(reach);
  if (known.account) return known.account;
  const detail = known.state === 'unavailable' ? known.detail : 'the store serves no project';
  throw new ApiError('store_unavailable', detail);
}

/** What a meter rejected with, as an error of the API. */
export function rejectAway(error: unknown): never {
  if (!(error instanceof LedgerError)) throw error;
  throw new ApiError('store_unavailable', 'the ledger, which keeps what was used, does not answer now');
}

/** A usage as the API shows it; see usageSchema. */
function presentUsage(project: string, usage: Usage): z.infer<typeof usageSchema> {
  const { periodStart, periodEnd, budget, used, remaining, operations } = usage;
  const of = (operation: PricedOperation) => {
    const { count, nanoTokens } = operations[operation];
    return { count: Number(count), tokens: formatTokens(nanoTokens) };
  };
  return {
    project_id: project,
    period: { start: new Date(periodStart).toISOString(), end: new Date(periodEnd).toISOString() },
    budget: budget === undefined ? null : formatTokens(budget),
    used: formatTokens(used),
    remaining: remaining === undefined ? null : formatTokens(remaining),
    operations: {
      get: of('get'),
      set: of('set'),
      delete: of('delete'),
      increment: of('increment'),
      scan: of('scan'),
    },
  };
}
