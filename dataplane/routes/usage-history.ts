import * as z from 'zod';
import { formatTokens, type PricedOperation } from '../../contract/prices.ts';
import type { HistoryPoint } from '../metering/port.ts';
import { ok } from '../pipeline/call.ts';
import type { Operation } from '../pipeline/operation.ts';
import { timeSchema, tokensSchema } from './schemas.ts';
import { rejectAway, requireAccount } from './usage.ts';

const historyQuery = z.object({
  period: z
    .enum(['day', 'month'], 'period must be day or month')
    .default('day')
    .describe('The last 24 hours by hour, or the last 31 days by day'),
});

const countSchema = z.int().describe('How many ran');

const historySchema = z.object({
  project_id: z.string(),
  period: z.enum(['day', 'month']),
  resolution: z.enum(['hour', 'day']).describe('What each point covers, in UTC'),
  points: z
    .array(
      z.object({
        start: timeSchema,
        tokens: tokensSchema,
        operations: z.object({
          get: countSchema,
          set: countSchema,
          delete: countSchema,
          increment: countSchema,
          scan: countSchema,
        } satisfies Record<PricedOperation, z.ZodType>),
      }),
    )
    .describe('Oldest first and without gaps; the last is the current hour or day'),
});

/** `GET /api/kv/usage/history`. */
export const getUsageHistory: Operation = {
  id: 'getUsageHistory',
  method: 'GET',
  path: '/api/kv/usage/history',
  tag: 'account',
  summary: 'What a project has used of late, by the hour or by the day',
  description: 'Costs nothing, and is answered whatever the store does. May lack what other replicas ran a second ago.',
  access: 'token',
  target: 'project',
  query: historyQuery,
  answer: historySchema,
  errors: ['project_required', 'not_found', 'store_unavailable'],
  async run({ reach, services, query }) {
    const { period } = query as z.infer<typeof historyQuery>;
    const account = requireAccount(reach);
    const resolution = period === 'day' ? 'hour' : 'day';
    const points = await services.meter.history(account, resolution).catch(rejectAway);
    const answer: z.infer<typeof historySchema> = {
      project_id: account.project,
      period,
      resolution,
      points: points.map(presentPoint),
    };
    return ok(JSON.stringify(answer));
  },
};

function presentPoint({ start, charged, counts }: HistoryPoint) {
  return { start: new Date(start).toISOString(), tokens: formatTokens(charged), operations: counts };
}
