import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { pino } from 'pino';
import { createApp } from '../../../dataplane/http/app.ts';
import { type Front, putInFront } from '../../../dataplane/http/front.ts';
import { createHttpServer, listen } from '../../../dataplane/http/server.ts';
import { type Budget, createBudget } from '../../../dataplane/pipeline/admission.ts';
import type { Request } from '../../../dataplane/pipeline/call.ts';
import type { Reply, Serve } from '../../../dataplane/pipeline/serve.ts';

/** A request as a server took it, body included. */
export interface Seen {
  method: string;
  url: string;
  headers: Record<string, unknown>;
  body: string;
}

/** A server under test that answers every request with 200, or as `answer` says, and remembers what it took. */
export interface Recorder {
  port: number;
  server: Server;
  front: Front | undefined;
  budget: Budget;
  seen: Seen[];
  /** What the transport said became of each answer. */
  delivered: boolean[];
  close(): void;
}

export interface RecorderOptions {
  plain: boolean;
  configure?: (server: Server) => void;
  answer?: (request: Request) => Promise<Partial<Reply>> | Partial<Reply>;
}

const MOST_BYTES = 100_000;

/** The data plane's transports over a pipeline that does nothing but remember. */
export async function startRecorder({ plain, configure, answer }: RecorderOptions): Promise<Recorder> {
  const budget = createBudget(2 ** 26);
  const seen: Seen[] = [];
  const delivered: boolean[] = [];
  const serve: Serve = async (request) => {
    const { method, url, headers } = request;
    const entry: Seen = { method, url, headers: { ...headers }, body: '' };
    seen.push(entry);
    const done = (ok: boolean) => delivered.push(ok);
    let status = 200;
    try {
      entry.body = (await request.readBody(MOST_BYTES)).toString('latin1');
    } catch (error) {
      entry.body = `failed: ${(error as Error).message}`;
      status = 400;
    }
    const body = `${method} ${url}`;
    const reply: Reply = {
      status,
      headers: { 'Content-Type': 'text/plain' },
      body,
      done,
      ...(await answer?.(request)),
    };
    request.hold(reply.body.length);
    return reply;
  };
  const server = createHttpServer(createApp(serve, budget, pino({ level: 'silent' })).callback());
  configure?.(server);
  const front = plain ? putInFront(server, serve, budget) : undefined;
  const port = await listen(server, 0, '127.0.0.1');
  return {
    port,
    server,
    front,
    budget,
    seen,
    delivered,
    close() {
      server.close();
      front?.closeAll();
      server.closeAllConnections();
    },
  };
}

/** Node's own server with nothing of ours but the limit of the head, to compare with. */
export async function startBare(): Promise<{ port: number; seen: Seen[]; close(): void }> {
  const seen: Seen[] = [];
  const server = createServer({ maxHeaderSize: 16_384 }, async (req, res) => {
    const entry: Seen = { method: req.method ?? '', url: req.url ?? '', headers: { ...req.headers }, body: '' };
    seen.push(entry);
    req.setEncoding('latin1');
    try {
      let body = '';
      for await (const chunk of req) body += chunk;
      entry.body = body;
    } catch {
      entry.body = 'failed: the body broke off';
      res.statusCode = 400;
    }
    const text = `${entry.method} ${entry.url}`;
    res.setHeader('Content-Length', text.length).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What came back on one connection. */
export interface Exchange {
  text: string;
  statuses: number[];
  /** The server ended the connection. */
  closed: boolean;
}

/** How chunks are sent, and when the exchange is over. */
export interface ExchangeOptions {
  /** Over as soon as nothing has come for so long, and there were as many answers as `atLeast` says. */
  quietMs?: number;
  atLeast?: number;
  /** Time between two chunks. */
  gapMs?: number;
}

/** Sends chunks, each once the one before has left, and resolves to what came back; after 3 s in any case. */
export function exchange(
  port: number,
  chunks: readonly Buffer[],
  { quietMs = 30, atLeast = 0, gapMs = 0 }: ExchangeOptions = {},
): Promise<Exchange> {
  return new Promise((resolve) => {
    let text = '';
    let timer: NodeJS.Timeout;
    const started = performance.now();
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const finish = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, statuses: statuses(text), closed });
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => setImmediate(settle, text.length), quietMs);
    };
    // A process that was kept from running has first to read what came meanwhile: it serves both sides here.
    const settle = (length: number, turns = 5) => {
      if (socket.destroyed) return;
      if (text.length !== length) return wait();
      if (turns > 0) return void setImmediate(settle, length, turns - 1);
      if (statuses(text).length < atLeast && performance.now() - started < 3000) return wait();
      finish(false);
    };
    const send = (index: number) => {
      const chunk = chunks[index];
      if (!chunk || socket.destroyed) return wait();
      socket.write(chunk, () => (gapMs > 0 ? setTimeout(send, gapMs, index + 1) : setImmediate(send, index + 1)));
    };
    socket
      .setEncoding('latin1')
      .on('connect', () => send(0))
      .on('data', (more) => {
        text += more;
      })
      .on('end', () => finish(true))
      .on('error', () => finish(true));
  });
}

/** The status codes of the answers in a text. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));
}
