import type { BodySchema } from '../middleware/body.ts';
import type { Middleware } from '../middleware/context.ts';

/** The middleware that routes are made of, already given what it needs. */
export interface Toolbox {
  admit: Middleware;
  authenticate: Middleware;
  scope: (scope: 'kv:read' | 'kv:write') => Middleware;
  json: (schema: BodySchema) => Middleware;
  resolveStore: Middleware;
}
