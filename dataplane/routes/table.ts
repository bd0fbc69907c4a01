import Router from '@koa/router';
import type { Middleware, State } from '../middleware/context.ts';
import { infraKvRoutes } from './infra-kv.ts';
import { type Health, metaRoutes } from './meta.ts';
import type { Toolbox } from './toolbox.ts';

/** Every route of the API. */
export function routes(use: Toolbox, health: Health): Middleware {
  const router = new Router<State>({ strict: true, sensitive: true });
  metaRoutes(router, health);
  infraKvRoutes(router, use);
  return router.routes() as Middleware;
}
