import * as z from 'zod';
import { formatTokens, type PricedOperation } from '../../contract/prices.ts';
import { LedgerError } from '../metering/ledger-port.ts';
import type { Usage } from '../metering/port.ts';
import { ok } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import type { Operation } from '../pipeline/operation.ts';
import { requireKnown } from '../pipeline/project.ts';

const tokensSchema = z.string().describe('Tokens, a decimal number with at most 9 digits after the point');
const timeSchema = z.iso.datetime({ precision: 3 });

const scopesSchema = z.object({
  scopes: z.array(z.enum(['kv:read', 'kv:write'])),
  type: z.enum(['Project', 'Deployment', 'ApiKey']).describe('sk_live_, dt_ or tk_'),
  role: z.enum(['SystemAdmin', 'SystemRead']).nullable(),
  project_id: z.string().nullable().describe('The project that the token is bound to; null for an API key'),
  expires_at: timeSchema.nullable().describe('When the token stops working, in UTC; null for never'),
});

const getScopes: Operation = {
  id: 'getScopes',
  method: 'GET',
  path: '/core/tokens/me/scopes',
  tag: 'account',
  summary: 'What the token of the request may do',
  access: 'token',
  target: 'project',
  answer: scopesSchema,
  errors: [],
  run({ token, reach }) {
    const { scopes, type, role, expiresAt } = token;
    const bound = type === 'ApiKey' ? undefined : reach.account?.project;
    const answer: z.infer<typeof scopesSchema> = {
      scopes: [...scopes] as ('kv:read' | 'kv:write')[],
      type,
      role: role ?? null,
      project_id: bound ?? null,
      expires_at: Number.isFinite(expiresAt) ? new Date(expiresAt).toISOString() : null,
    };
    return ok(JSON.stringify(answer));
  },
};

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

const getUsage: Operation = {
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
    const known = requireKnown(reach);
    if (!known.account) {
      const detail = known.state === 'unavailable' ? known.detail : 'the store serves no project';
      throw new ApiError('store_unavailable', detail);
    }
    const usage = await services.meter.usage(known.account).catch(rejectAway);
    return ok(JSON.stringify(presentUsage(known.account.project, usage)));
  },
};

/** What a token can learn of itself and of its project's account. */
export const account: readonly Operation[] = [getScopes, getUsage];

function rejectAway(error: unknown): never {
  if (!(error instanceof LedgerError)) throw error;
  throw new ApiError('store_unavailable', 'the ledger, which keeps what was used, does not answer now');
}

/** A usage as the API shows it; see usageSchema. */
export function presentUsage(project: string, usage: Usage): z.infer<typeof usageSchema> {
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
