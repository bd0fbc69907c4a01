import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';

/** Serves /livez, /readyz (once the caches are filled, leader or not) and /metrics. */
export function startServer(port: number, registry: Registry, isReady: () => boolean): Server {
  const server = createServer(async (request, response) => {
    const end = (status: number, body: string, type = 'text/plain') =>
      response.writeHead(status, { 'content-type': type }).end(body);
    switch (request.url?.split('?')[0]) {
      case '/livez':
        return end(200, 'ok\n');
      case '/readyz':
        return isReady() ? end(200, 'ok\n') : end(503, 'the caches are not filled yet\n');
      case '/metrics':
        return end(200, await registry.metrics(), registry.contentType);
      default:
        return end(404, 'not found\n');
    }
  });
  server.requestTimeout = 10_000;
  return server.listen(port);
}
