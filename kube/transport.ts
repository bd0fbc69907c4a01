import http from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { KubeError } from './errors.ts';

/** One HTTP exchange with the API server; `path` includes the query. */
export interface Exchange {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: string | undefined;
  contentType?: string | undefined;
  /** Ends the exchange, also while its answer is being read; it then fails with the signal's reason. */
  signal: AbortSignal;
  /** A watch: its connection lives long, so it must not take a place among the short calls' connections. */
  stream?: boolean | undefined;
}

/** HTTP to one API server. */
export interface Transport {
  /** Resolves when the status line and headers have come; rejects with a `KubeError` of status 0 when they cannot. */
  open(exchange: Exchange): Promise<http.IncomingMessage>;
  close(): void;
}

const idleConnectionMs = 30_000;
/** The library reads files and makes an agent whenever it is asked for credentials, which costs more than a call. */
const credentialsMs = 1_000;
/** Enough for 20 workers with a few calls each, few enough that a burst does not flood the server with handshakes. */
const callConnections = 64;

/** A transport to the kubeconfig's current cluster, with the credentials of its current user (read anew every second). */
export function createTransport(config: KubeConfig, userAgent: string): Transport {
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current context: set one with kubectl config use-context');
  const server = cluster.server.replace(/\/+$/, '');
  const { request, Agent } = server.startsWith('https:') ? https : http;
  const keepAlive = { keepAlive: true, keepAliveMsecs: 30_000 };
  const calls = new Agent({ ...keepAlive, maxSockets: callConnections, scheduling: 'lifo', timeout: idleConnectionMs });
  const streams = new Agent(keepAlive);

  const readCredentials = async (): Promise<https.RequestOptions> => {
    const options: https.RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch {
      // A credential plugin's error may quote what it printed, which may be a token.
      const user = config.getCurrentUser()?.name ?? '';
      const message = `no credentials for ${server}: check user "${user}" of the kubeconfig (token file, exec plugin, scheme)`;
      throw new KubeError({ status: 0, reason: 'Unreachable', message });
    }
    return options;
  };
  let credentials: { options: Promise<https.RequestOptions>; at: number } | undefined;
  const authenticate = (): Promise<https.RequestOptions> => {
    const now = performance.now();
    if (!credentials || now - credentials.at > credentialsMs) {
      const fresh = { options: readCredentials(), at: now };
      credentials = fresh;
      fresh.options.catch(() => {
        if (credentials === fresh) credentials = undefined; // who asks next may be luckier
      });
    }
    return credentials.options;
  };

  const attempt = (exchange: Exchange, auth: https.RequestOptions): Promise<http.IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { method, path, body, contentType, signal, stream } = exchange;
      const headers: http.OutgoingHttpHeaders = { accept: 'application/json', 'user-agent': userAgent };
      Object.assign(headers, auth.headers);
      if (body !== undefined) {
        headers['content-type'] = contentType ?? 'application/json';
        headers['content-length'] = Buffer.byteLength(body);
      }
      // The library's agent is kept only where it is a proxy: otherwise it would open a connection per call.
      const agent = cluster.proxyUrl ? auth.agent : stream ? streams : calls;
      const outgoing = request(server + path, { ...auth, method, headers, agent });
      const abort = () => outgoing.destroy(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      outgoing.once('close', () => signal.removeEventListener('abort', abort));
      outgoing.once('response', resolve);
      // Not once: a connection cut while its answer is being read reports here again, and nobody else listens.
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        reject(signal.aborted ? signal.reason : unreachable(server, error, outgoing.reusedSocket)),
      );
      outgoing.end(body);
    });

  return {
    async open(exchange) {
      exchange.signal.throwIfAborted();
      const auth = await authenticate();
      exchange.signal.throwIfAborted();
      try {
        return await attempt(exchange, auth);
      } catch (error) {
        // The server may close a kept-alive connection in the very moment of its reuse; a read can simply be repeated.
        if (exchange.method !== 'GET' || !(error instanceof StaleConnection)) throw error;
        return attempt(exchange, auth);
      }
    },
    close() {
      calls.destroy();
      streams.destroy();
    },
  };
}

class StaleConnection extends KubeError {}

function unreachable(server: string, error: NodeJS.ErrnoException, reused: boolean): KubeError {
  const reset = error.code === 'ECONNRESET' || error.code === 'EPIPE';
  const kind = reused && reset ? StaleConnection : KubeError;
  const message = `cannot reach the API server at ${server}: ${error.message || error.code}`;
  return new kind({ status: 0, reason: 'Unreachable', message, cause: error });
}
