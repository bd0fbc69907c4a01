import { readFileSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLines } from '../../kube/lines.ts';
import { type Fate, pass, type Script } from './fate.ts';
import { type ApiRequest, parseRequest, scopeTo } from './request.ts';

/** One request that came by, and what the server or the proxy answered; 0 where nobody did. */
export interface Exchange {
  request: ApiRequest | undefined;
  /** `METHOD path?query`, as it was sent. */
  line: string;
  status: number;
  /** Monotonic, in ms. */
  at: number;
}

/** What to deliver in place of a line of a watch; `end` ends the stream then. */
export interface Delivery {
  lines: readonly string[];
  later?: { ms: number; lines: readonly string[] };
  end?: boolean;
}

/** What is done to the lines of watches, and to lists. */
export interface StreamFaults {
  onLine?: (request: ApiRequest, line: string) => Delivery;
  /** Lines are kept back for so long, in ms, and come as what `onBatch` makes of them. */
  batchMs?: number;
  onBatch?: (lines: readonly string[]) => readonly string[];
  /** The body to answer a list with, in place of the server's. */
  onList?: (request: ApiRequest, body: string) => string;
}

export interface ProxyOptions {
  script?: Script;
  /** Lists and watches of all namespaces become those of this one: so many operators work side by side on one server. */
  namespace?: string;
  streams?: StreamFaults;
  /** Whoever asks has ended by a fate of the script. */
  onDeath?: () => void;
}

/** An HTTP proxy before an API server, to see its requests, to break them, and to cut its clients off. */
export interface ApiProxy {
  /** Path of a kubeconfig that leads through the proxy. */
  kubeconfig: string;
  exchanges: Exchange[];
  /** While true, whoever connects is cut off at once. */
  refuse: boolean;
  /** Connections from clients that are open. */
  connections(): number;
  /** The exchanges under way stay open, but never hear anything again; new ones work. */
  mute(): void;
  /** Holds back what watches have to tell until the function that it answers is called. */
  hold(): () => void;
  /** Cuts every connection without a word. */
  cut(): void;
  close(): void;
}

const never = new AbortController().signal;

/** Starts a proxy to the current cluster of a kubeconfig in JSON. */
export async function startProxy(kubeconfig: string, options: ProxyOptions = {}): Promise<ApiProxy> {
  const { script = () => pass, namespace, streams = {}, onDeath } = options;
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8'));
  const { server, 'certificate-authority': ca } = config.clusters[0].cluster;
  const agent = new https.Agent({ ca: readFileSync(ca), keepAlive: true });
  const sockets = new Set<Socket>();
  let mutings = 0;
  let held: Promise<void> = Promise.resolve();

  const die = () => {
    proxy.refuse = true;
    cut();
    onDeath?.();
  };

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', socket } = incoming;
    const target = namespace ? scopeTo(namespace, url) : url;
    const request = parseRequest(method, target);
    const exchange: Exchange = { request, line: `${method} ${url}`, status: 0, at: performance.now() };
    proxy.exchanges.push(exchange);
    const fate: Fate = request ? script(request) : pass;
    switch (fate.do) {
      case 'lose':
        return fate.dies ? die() : void socket.destroy();
      case 'hang':
        return;
      case 'refuse':
        exchange.status = fate.status;
        incoming.resume();
        return refuse(outgoing, fate);
      default:
    }
    const answer = await forward(incoming, outgoing, target);
    exchange.status = answer.statusCode ?? 502;
    if (fate.do === 'lose-reply') {
      await text(answer);
      return fate.dies ? die() : void socket.destroy();
    }
    await reply(request, answer, outgoing);
    if (fate.do === 'reply-and-die') setImmediate(die);
  }

  /** Resolves with the head of the server's answer. */
  function forward(incoming: IncomingMessage, outgoing: ServerResponse, target: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { method, headers } = incoming;
      const upstream = https.request(server + target, { method, headers, agent }, resolve);
      upstream.on('error', reject);
      outgoing.on('close', () => upstream.destroy());
      incoming.pipe(upstream);
    });
  }

  async function reply(
    request: ApiRequest | undefined,
    answer: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<void> {
    const born = mutings;
    const { 'content-length': length, 'transfer-encoding': _, ...headers } = answer.headers;
    const status = answer.statusCode ?? 502;
    if (request?.verb === 'list' && status === 200 && streams.onList) {
      outgoing.writeHead(status, headers).end(streams.onList(request, await text(answer)));
      return;
    }
    outgoing.writeHead(status, { ...headers, ...(length !== undefined && { 'content-length': length }) });
    outgoing.flushHeaders();
    const write = (lines: readonly string[]) => {
      if (born === mutings) for (const line of lines) outgoing.write(`${line}\n`);
    };
    if (request?.verb === 'watch') await relay(request, answer, write);
    else for await (const chunk of answer) if (born === mutings) outgoing.write(chunk);
    if (born === mutings) await new Promise<void>((resolve) => outgoing.end(resolve));
  }

  /** Passes the lines of a watch on, as the faults have it, until one side ends it. */
  async function relay(
    request: ApiRequest,
    answer: IncomingMessage,
    write: (lines: readonly string[]) => void,
  ): Promise<void> {
    const { onLine = (_, line) => ({ lines: [line] }), onBatch = (lines) => lines, batchMs } = streams;
    const batch: string[] = [];
    const flush = () => write(onBatch(batch.splice(0)));
    const timer = batchMs === undefined ? undefined : setInterval(flush, batchMs);
    try {
      for await (const line of readLines(answer, never)) {
        await held;
        const { lines, later, end }: Delivery = onLine(request, line);
        if (timer) batch.push(...lines);
        else write(lines);
        if (later) {
          await sleep(later.ms);
          write(later.lines);
        }
        if (end) return;
      }
    } finally {
      clearInterval(timer);
      flush();
    }
  }

  const listener = http.createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => incoming.socket.destroy()); // either side broke off
  });
  listener.on('connection', (socket: Socket) => {
    if (proxy.refuse) return socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));

  const { port } = listener.address() as AddressInfo;
  const path = `${kubeconfig}-proxy-${port}`;
  const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  writeFileSync(path, JSON.stringify({ ...config, clusters: [{ ...config.clusters[0], cluster }] }), { mode: 0o600 });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: ApiProxy = {
    kubeconfig: path,
    exchanges: [],
    refuse: false,
    connections: () => sockets.size,
    mute: () => void mutings++,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
    cut,
    close() {
      proxy.refuse = true;
      listener.close();
      cut();
      agent.destroy();
    },
  };
  return proxy;
}

/** Answers as an API server refuses. */
function refuse(outgoing: ServerResponse, { status, reason, retryAfterSeconds }: Fate & { do: 'refuse' }): void {
  const message = `refused by the test: ${reason}`;
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, reason, message };
  const headers = {
    'content-type': 'application/json',
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
  };
  outgoing.writeHead(status, headers).end(JSON.stringify(body));
}
