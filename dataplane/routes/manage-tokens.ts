import * as z from 'zod';
import type { TokenView } from '../manage/token-view.ts';
import { ok } from '../pipeline/call.ts';
import type { Operation } from '../pipeline/operation.ts';
import { requireKnown } from '../pipeline/project.ts';
import { doneSchema, managementCall } from './manage-common.ts';
import { createToken, listTokens, NAME_PATTERN, revokeToken } from './manage-token-edit.ts';

/** In seconds; a hundred years, within which every time can be written. */
const MOST_TTL = 3_155_760_000;

const timeSchema = z.iso.datetime();
const scopeSchema = z.enum(['kv:read', 'kv:write'], 'a scope is kv:read or kv:write');

const tokenSchema = z
  .object({
    name: z.string().describe('Name of the KVToken'),
    type: z.enum(['Project', 'Deployment']).describe('sk_live_ or dt_'),
    prefix: z.string(),
    last_four: z.string().nullable().describe('The last characters of the token, to tell it from others'),
    scopes: z.array(scopeSchema),
    created_at: timeSchema,
    expires_at: timeSchema.nullable().describe('When the token stops working; null for never'),
    rotates_at: timeSchema.nullable().describe('When the token in the Secret is replaced; null where it is not'),
    state: z
      .enum(['active', 'pending', 'expired', 'refused'])
      .describe('active works; pending waits for the operator; of refused, message says why'),
    message: z.string().nullable().describe('What stands against the token, with the remedy'),
    secret_name: z.string().nullable().describe('The Secret that holds the token; null where none does'),
    revocable: z.boolean().describe('Whether this token may revoke it over the API'),
  } satisfies Record<keyof TokenView, z.ZodType>)
  .meta({ id: 'Token' });

const createBody = z.object({
  type: z
    .enum(['Project', 'Deployment'], 'type must be Project or Deployment')
    .default('Project')
    .describe('Project makes an sk_live_ token, Deployment a dt_ token'),
  scopes: z
    .array(scopeSchema, 'scopes must be an array')
    .refine((scopes) => new Set(scopes).size === scopes.length, 'scopes must not repeat')
    .meta({ uniqueItems: true })
    .default(['kv:read', 'kv:write'])
    .describe('What the token may do with keys and values'),
  name: z
    .string('name must be a text')
    .regex(NAME_PATTERN, 'name has 1 to 63 lower-case letters, digits and "-", and neither begins nor ends with "-"')
    .optional()
    .describe('Name of the KVToken; one is made up where it is absent'),
  ttl: z
    .int('ttl must be a whole number of seconds')
    .min(1, 'ttl must be at least 1 second')
    .max(MOST_TTL, 'ttl must be at most a hundred years')
    .optional()
    .describe('Seconds until the token expires; absent means never'),
});

const getTokens: Operation = {
  ...managementCall,
  id: 'listTokens',
  method: 'GET',
  path: '/api/kv/tokens',
  summary: 'The tokens of a project',
  description: 'Those that are bound to the project; API keys reach it too. No token is shown, nor its hash.',
  access: 'system:read',
  answer: z.object({ tokens: z.array(tokenSchema) }),
  errors: ['project_required', 'not_found'],
  run(call) {
    // Whoever may see every project may as well see that one has no store yet.
    if (call.token.role === undefined) requireKnown(call.reach);
    return ok(JSON.stringify({ tokens: listTokens(call) }));
  },
};

const postToken: Operation = {
  ...managementCall,
  id: 'createToken',
  method: 'POST',
  path: '/api/kv/tokens',
  summary: 'Make a token for a project',
  description: 'The token is in this answer and nowhere else. It mostly works by then; else its state is pending.',
  access: 'system:admin',
  body: createBody,
  answer: doneSchema.extend({ token: tokenSchema, value: z.string().describe('The token; keep it now') }),
  errors: ['not_found', 'conflict', 'store_unavailable'],
  run: async (call) => ok(JSON.stringify(await createToken(call, call.body.fields as z.infer<typeof createBody>))),
};

const deleteToken: Operation = {
  ...managementCall,
  id: 'revokeToken',
  method: 'DELETE',
  path: '/api/kv/tokens/{name}',
  summary: 'Revoke a token of a project',
  description: 'Deletes the KVToken, and with it the Secret that the operator made for it.',
  access: 'system:admin',
  body: z.object({}),
  answer: doneSchema,
  errors: ['not_found', 'conflict', 'store_unavailable'],
  run: async (call) => ok(JSON.stringify(await revokeToken(call))),
};

/** The calls that list, make and revoke the tokens of a project. */
export const manageTokens: readonly Operation[] = [getTokens, postToken, deleteToken];
