import * as z from 'zod';
import { ok } from '../pipeline/call.ts';
import type { Operation } from '../pipeline/operation.ts';
import { timeSchema } from './schemas.ts';
import { getUsage } from './usage.ts';
import { getUsageHistory } from './usage-history.ts';

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

/** What a token can learn of itself and of its project's account. */
export const account: readonly Operation[] = [getScopes, getUsage, getUsageHistory];
