import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { type KubeConfig, PortForward } from '@kubernetes/client-node';
import { type Tunnel, upgradeFailure } from './upgrade.ts';

/** Where to forward to. */
export interface ForwardOptions {
  namespace: string;
  pod: string;
  /** TCP port inside the pod. */
  port: number;
}

/** A port of 127.0.0.1 that leads into a pod until it is closed. */
export interface Forward {
  port: number;
  close(): void;
}

/**
 * Listens on a free port of 127.0.0.1 and carries every connection to a port of a pod. Rejects with a `KubeError` where
 * the API server refuses, which a first connection finds out; a later connection that fails is closed.
 */
export async function forwardPort(config: KubeConfig, options: ForwardOptions): Promise<Forward> {
  const { namespace, pod } = options;
  const sockets = new Set<Socket>();
  const carry = async (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    try {
      const tunnel = await open(config, options, socket);
      tunnel.addEventListener('close', () => socket.end());
      socket.once('close', () => tunnel.close());
    } catch {
      socket.destroy();
    }
  };
  const probe = await open(config, options, new PassThrough()).catch((error: unknown) => {
    const what = `port-forward to pod ${namespace}/${pod}`;
    throw upgradeFailure(error, { what, resource: 'pods/portforward', namespace });
  });
  probe.close();
  const server = createServer((socket) => void carry(socket));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function open(config: KubeConfig, { namespace, pod, port }: ForwardOptions, end: Duplex): Promise<Tunnel> {
  return new PortForward(config).portForward(
    namespace,
    pod,
    [port],
    end,
    null,
    end,
  ) as Promise<unknown> as Promise<Tunnel>;
}
