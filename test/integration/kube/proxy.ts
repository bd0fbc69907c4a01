import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** An HTTP proxy before an API server, to see its requests and to break its connections. */
export interface ApiProxy {
  /** Path of a kubeconfig that leads through the proxy. */
  kubeconfig: string;
  /** Every request so far, as `METHOD path?query`. */
  requests: string[];
  /** While true, whoever connects is cut off at once. */
  refuse: boolean;
  /** Connections from clients that are open. */
  connections(): number;
  /** The exchanges under way stay open, but never hear anything again; new ones work. */
  mute(): void;
  /** Cuts every connection without a word. */
  cut(): void;
  close(): void;
}

/** Starts a proxy to the current cluster of a kubeconfig in JSON. */
export async function startProxy(kubeconfig: string): Promise<ApiProxy> {
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8'));
  const { server, 'certificate-authority': ca } = config.clusters[0].cluster;
  const agent = new https.Agent({ ca: readFileSync(ca), keepAlive: true });
  const sockets = new Set<Socket>();
  let mutings = 0;

  const listener = http.createServer((request, response) => {
    proxy.requests.push(`${request.method} ${request.url}`);
    const { method, headers } = request;
    const born = mutings;
    const upstream = https.request(server + request.url, { method, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('data', (chunk) => born === mutings && response.write(chunk));
      answer.on('end', () => born === mutings && response.end());
      answer.on('error', () => born === mutings && response.destroy());
    });
    upstream.on('error', () => request.socket.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  });
  listener.on('connection', (socket: Socket) => {
    if (proxy.refuse) return socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));

  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const path = `${kubeconfig}-proxy-${(listener.address() as AddressInfo).port}`;
  const cluster = { server: url, 'insecure-skip-tls-verify': true };
  writeFileSync(path, JSON.stringify({ ...config, clusters: [{ ...config.clusters[0], cluster }] }), { mode: 0o600 });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: ApiProxy = {
    kubeconfig: path,
    requests: [],
    refuse: false,
    connections: () => sockets.size,
    mute: () => void mutings++,
    cut,
    close() {
      listener.close();
      cut();
      agent.destroy();
    },
  };
  return proxy;
}
