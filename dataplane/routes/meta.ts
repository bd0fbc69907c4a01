import type Router from '@koa/router';
import type { Context, State } from '../middleware/context.ts';

/** What the probes ask of the process. */
export interface Health {
  /** The directory has been read, and the process is not stopping. No store and no API server has a say in it. */
  ready: () => boolean;
}

/** `GET /livez` and `GET /readyz`. */
export function metaRoutes(router: Router<State>, health: Health): void {
  router.get('/livez', '/livez', (ctx: Context) => {
    ctx.body = 'ok\n';
  });
  router.get('/readyz', '/readyz', (ctx: Context) => {
    const ready = health.ready();
    ctx.status = ready ? 200 : 503;
    ctx.body = ready ? 'ok\n' : 'not ready: the directory is not read yet, or the process is stopping\n';
  });
}
