import { connect, createServer, type Socket } from 'node:net';
import { listen } from './listen.ts';

/** A TCP proxy in front of a Redis, in which a test cuts and swallows. */
export interface Proxy {
  port: number;
  /** Connections that were made through it. */
  accepted(): number;
  /** While true, what Redis answers goes nowhere. */
  swallow: boolean;
  /** Closes the client's side as soon as the next bytes of it have been handed to Redis. */
  cutAfterNextRequest(): void;
  close(): void;
}

/** Starts a proxy to a port of 127.0.0.1. */
export async function startProxy(target: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  let cut = false;
  const server = createServer((client) => {
    accepted++;
    const redis = connect(target, '127.0.0.1');
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.on('close', () => redis.end());
    redis.on('close', () => client.destroy());
    redis.on('data', (reply) => {
      if (!proxy.swallow && !client.destroyed) client.write(reply);
    });
    client.on('data', (request) => {
      redis.write(request, () => {
        if (!cut) return;
        cut = false;
        client.destroy();
      });
    });
  });
  const port = await listen(server);
  const proxy: Proxy = {
    port,
    accepted: () => accepted,
    swallow: false,
    cutAfterNextRequest() {
      cut = true;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return proxy;
}
