import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Logger } from 'pino';
import type { Context, Middleware } from './context.ts';
import { ApiError, ERRORS, problem, toApiError } from './errors.ts';
import type { Metrics } from './metrics.ts';

const SANE_REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Asked for every few seconds, and of no interest unless somebody looks for them. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz']);

/**
 * Outermost: gives the request its id, turns whatever is thrown into an error answer, and counts and logs the outcome.
 * Logs hold no key, value, token or query. While `draining` says so each answer asks the client to connect elsewhere.
 * Requests that a client pipelines are taken one after the other (RFC 9112, section 9.3.2): Node gives the response a
 * socket when its turn has come.
 */
export function observe(log: Logger, metrics: Metrics, draining: () => boolean): Middleware {
  return async (ctx, next) => {
    if (ctx.res.socket === null) await once(ctx.res, 'socket');
    const start = performance.now();
    const inbound = ctx.req.headers['x-request-id'];
    ctx.state.requestId = typeof inbound === 'string' && SANE_REQUEST_ID.test(inbound) ? inbound : randomUUID();
    ctx.set('X-Request-Id', ctx.state.requestId);
    ctx.set('Cache-Control', 'no-store');
    if (draining()) ctx.set('Connection', 'close');
    let code = '';
    ctx.res.once('close', () => record(ctx, code, performance.now() - start));
    try {
      await next();
      if (ctx.status === 404 && ctx.body == null)
        throw new ApiError('not_found', 'there is no such route; check the method and the path');
    } catch (error) {
      code = answer(ctx, error);
    }
  };

  function answer(ctx: Context, error: unknown): string {
    const apiError = toApiError(error);
    if (apiError.code === 'internal_error') {
      log.error({ requestId: ctx.state.requestId, stack: error instanceof Error ? error.stack : undefined }, 'failed');
    }
    ctx.status = ERRORS[apiError.code].status;
    ctx.set(apiError.headers);
    ctx.set('Content-Type', 'application/problem+json');
    ctx.body = problem(apiError, ctx.state.requestId);
    return apiError.code;
  }

  function record(ctx: Context, code: string, ms: number): void {
    const route = (ctx._matchedRouteName as string | undefined) ?? 'none';
    // Node's parser admits a closed list of methods, so this label is bounded too.
    const { method } = ctx.req;
    const status = ctx.res.writableFinished ? ctx.res.statusCode : 499;
    metrics.requests.inc({ route, method: method ?? '', status, code });
    metrics.duration.observe({ route, method: method ?? '' }, ms / 1000);
    const { project, requestId } = ctx.state;
    if (project !== undefined) metrics.countProject(project, status);
    const level = PROBES.has(route) ? 'debug' : status >= 500 ? 'warn' : 'info';
    log[level]({ requestId, route, method, status, code: code || undefined, ms: Math.round(ms * 10) / 10, project });
  }
}
