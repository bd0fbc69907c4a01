import { connect, createServer, type Socket } from 'node:net';

/**
 * Forwards TCP connections of 127.0.0.1 to `target`. Listens on `preferredPort`, or on a free one if that is taken,
 * and resolves with the port.
 */
export async function startForwarder(preferredPort: number, target: { host: string; port: number }): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
    link(client, upstream);
    link(upstream, client);
  });
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : port);
      });
    });
  return listen(preferredPort).catch(() => listen(0));
}

function link(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroySoon());
}
