import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { pods } from './resources.ts';
import { failureOf } from './status.ts';
import type { Transport } from './transport.ts';
import { pathOf } from './urls.ts';

/** Which container's log, and how much of it. */
export interface LogOptions {
  namespace: string;
  pod: string;
  container: string;
  /** Goes on with what is written from now on, until the container ends. */
  follow?: boolean | undefined;
  /** The log of the container's run before this one. */
  previous?: boolean | undefined;
  /** Lines from the end; all of them if absent. */
  tailLines?: number | undefined;
  signal: AbortSignal;
}

/** The log of a container as a stream of bytes. Rejects with a `KubeError` where the API server refuses. */
export async function openLog(transport: Transport, options: LogOptions): Promise<IncomingMessage> {
  const { namespace, pod, container, follow, previous, tailLines, signal } = options;
  const query = {
    container,
    tailLines,
    follow: follow ? 'true' : undefined,
    previous: previous ? 'true' : undefined,
  };
  const path = pathOf({ resource: pods, namespace, name: pod, subresource: 'log', query });
  const response = await transport.open({ method: 'GET', path, signal, stream: true });
  const status = response.statusCode ?? 0;
  if (status < 300) return response;
  throw failureOf(pods, status, response.headers['retry-after'], await text(response));
}
