import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import Koa from 'koa';
import type { Logger } from 'pino';
import type { Budget } from '../pipeline/admission.ts';
import type { Request } from '../pipeline/call.ts';
import type { Serve } from '../pipeline/serve.ts';
import { readBytes } from './body.ts';
import { createHeld, type Held } from './held.ts';

/** The HTTP application over a pipeline: it reads requests and writes replies, and decides nothing. */
export function createApp(serve: Serve, budget: Budget, log: Logger): Koa {
  const app = new Koa();
  // Whatever a request's own code throws is a reply by now; what comes here is a connection that broke.
  app.on('error', (error: NodeJS.ErrnoException) => log.debug({ code: error.code }, 'a connection broke'));
  app.use(async (ctx) => {
    const { res } = ctx;
    // Requests that a client pipelines are taken one after the other (RFC 9112, section 9.3.2): Node gives the response
    // a socket when its turn has come.
    if (res.socket === null) await once(res, 'socket');
    const held = createHeld(budget);
    const reply = await serve(requestOf(ctx.req, budget, held));
    if (res.closed) {
      held.release();
      return reply.done(false);
    }
    res.once('close', () => {
      held.release();
      reply.done(res.writableFinished);
    });
    ctx.status = reply.status;
    ctx.set(reply.headers);
    ctx.body = reply.body;
  });
  return app;
}

/** A request of Node's as the pipeline takes it. */
function requestOf(req: IncomingMessage, budget: Budget, { hold }: Held): Request {
  return {
    method: req.method ?? '',
    url: req.url ?? '',
    headers: req.headers,
    remote: () => req.socket.remoteAddress ?? '',
    hold,
    readBody: (mostBytes, tenant) =>
      readBytes(req, mostBytes, (bytes) => {
        hold(bytes, tenant);
        budget.check(tenant);
      }),
  };
}
