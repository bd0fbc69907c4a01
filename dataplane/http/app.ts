import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import Koa from 'koa';
import type { Logger } from 'pino';
import type { Budget } from '../pipeline/admission.ts';
import type { Request } from '../pipeline/call.ts';
import type { Serve } from '../pipeline/serve.ts';
import { readBytes } from './body.ts';

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
    const { request, release } = requestOf(ctx.req, budget);
    const reply = await serve(request);
    if (res.closed) {
      release();
      return reply.done(false);
    }
    res.once('close', () => {
      release();
      reply.done(res.writableFinished);
    });
    ctx.status = reply.status;
    ctx.set(reply.headers);
    ctx.body = reply.body;
  });
  return app;
}

/** A request of Node's as the pipeline takes it, and what gives the bytes back that it holds. */
function requestOf(req: IncomingMessage, budget: Budget): { request: Request; release: () => void } {
  const held: [bytes: number, tenant: string | undefined][] = [];
  const hold = (bytes: number, tenant?: string) => {
    held.push([bytes, tenant]);
    budget.hold(bytes, tenant);
  };
  return {
    request: {
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
    },
    release() {
      for (const [bytes, tenant] of held) budget.hold(-bytes, tenant);
    },
  };
}
