import { connect, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { listen } from './listen.ts';

/** A TCP proxy in front of a Redis, in which a test cuts and swallows. */
export interface Proxy {
  port: number;
  /** Connections that were made through it. */
  accepted(): number;
  /** While true, what Redis answers goes nowhere. */
  swallow: boolean;
  /** While above 0, what Redis answers is handed on in pieces of so many bytes, each in a turn of its own. */
  pieces: number;
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
      if (proxy.swallow || client.destroyed) return;
      if (proxy.pieces > 0 || handing) void hand(reply);
      else client.write(reply);
    });
    let handing: Promise<void> | undefined;
    const hand = (reply: Buffer) => {
      handing = (handing ?? Promise.resolve()).then(async () => {
        const size = proxy.pieces || reply.length;
        for (let at = 0; at < reply.length && !client.destroyed; at += size) {
          client.write(reply.subarray(at, at + size));
          await turn();
        }
      });
    };
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
    pieces: 0,
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
