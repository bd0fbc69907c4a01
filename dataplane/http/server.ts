import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Front } from './front.ts';

/** Requests that a client may send ahead of the answer that it waits for; clients that pipeline at all send a few. */
const MAX_AHEAD = 64;

/**
 * An HTTP server for clients that may be slow, broken or hostile: every phase of a request has a limit in time and in
 * size, so that no client holds a connection for nothing.
 */
export function createHttpServer(listener: RequestListener): Server {
  const server = createServer(
    {
      // Room for a key of 512 characters, each four bytes in percent-encoding, beside usual headers.
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      // Above the 60 s that load balancers commonly use, so that they, not we, close first.
      keepAliveTimeout: 65_000,
      // How often the limits above are looked at; the default is 30 s.
      connectionsCheckingInterval: 2_000,
    },
    limitPipelining(listener),
  );
  // No byte in either direction for so long: a client that does not read its answer.
  server.timeout = 70_000;
  return server;
}

/**
 * Node reads on while an answer is awaited and keeps every request that it finds, so that one client and one slow store
 * would fill the memory. Closes the connection of a client that sends more than MAX_AHEAD requests ahead.
 */
function limitPipelining(listener: RequestListener): RequestListener {
  const ahead = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    // Node gives a response its socket when those before it are answered.
    if (response.socket === null) {
      const waiting = ahead.get(socket) ?? 0;
      if (waiting >= MAX_AHEAD) return socket.destroy();
      ahead.set(socket, waiting + 1);
      response.once('socket', () => ahead.set(socket, (ahead.get(socket) ?? 1) - 1));
    }
    return listener(request, response);
  };
}

/** Listens; resolves to the port, which differs from the one asked for where that is 0. */
export async function listen(server: Server, port: number, host?: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Accepts no more connections and resolves when the last request has its answer, or after `limitMs`. */
export async function close(server: Server, limitMs: number, front?: Front): Promise<void> {
  const timer = setTimeout(() => {
    server.closeAllConnections();
    front?.closeAll();
  }, limitMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    front?.closeIdle();
  });
  clearTimeout(timer);
}
