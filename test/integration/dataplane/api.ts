import type { Server } from 'node:http';
import { connect } from 'node:net';
import { type Logger, pino } from 'pino';
import type { KVStore, KVToken } from '../../../contract/objects.ts';
import type { Attempts } from '../../../dataplane/auth/attempts.ts';
import type { BackupReader } from '../../../dataplane/directory/backup-reader.ts';
import { createStoreIndex, type Endpoint, type StoreIndex } from '../../../dataplane/directory/stores.ts';
import { createTokenIndex, type TokenIndex } from '../../../dataplane/directory/tokens.ts';
import { createApp } from '../../../dataplane/http/app.ts';
import { type Front, putInFront } from '../../../dataplane/http/front.ts';
import { createHttpServer, listen } from '../../../dataplane/http/server.ts';
import type { Meter } from '../../../dataplane/metering/port.ts';
import { createUnmetered } from '../../../dataplane/metering/unmetered.ts';
import { type Budget, createBudget } from '../../../dataplane/pipeline/admission.ts';
import type { Management } from '../../../dataplane/pipeline/call.ts';
import { createMetrics, type Metrics } from '../../../dataplane/pipeline/metrics.ts';
import { createObserver } from '../../../dataplane/pipeline/observe.ts';
import { createPipeline, type Serve } from '../../../dataplane/pipeline/serve.ts';
import type { Tracer } from '../../../dataplane/pipeline/trace.ts';
import { operations } from '../../../dataplane/routes/table.ts';
import { createMemoryStore } from '../../../dataplane/store/memory.ts';
import type { Store, Stores } from '../../../dataplane/store/port.ts';
import { kvStore, kvToken } from '../../unit/dataplane/objects.ts';
import { holdToDocument } from './documented.ts';

/** The data plane's HTTP side on a port of 127.0.0.1, with a directory that the test fills. */
export interface Api {
  url: string;
  port: number;
  server: Server;
  /** What is in front of the server's own HTTP, where `plain` says so. */
  front: Front | undefined;
  /** The pipeline without a transport. */
  serve: Serve;
  stores: StoreIndex;
  tokens: TokenIndex;
  metrics: Metrics;
  budget: Budget;
  /** Everything that was logged. */
  logged(): string;
  state: { ready: boolean; draining: boolean };
  /** Adds a store of that namespace that answers at the tenant's address, and a token for it. */
  tenant(namespace: string, fields?: TenantFields): string;
  close(): void;
}

export interface TenantFields {
  store?: Parameters<typeof kvStore>[0];
  token?: Parameters<typeof kvToken>[0];
}

export interface ApiOptions {
  stores: Stores;
  /** Where each store's Redis listens. */
  endpointOf?: (store: KVStore) => Endpoint | undefined;
  heldBytes?: number;
  /** Whether plain requests are answered in front of Node's HTTP; true where absent. */
  plain?: boolean;
  /** Absent: nothing is limited. */
  meter?: Meter;
  /** Absent: failed authentications are not limited. */
  attempts?: Attempts;
  /** Absent: no store is made over the API. */
  management?: Management;
  /** Absent: there are none. */
  backups?: BackupReader;
  /** Where the dashboard's files are, null for none; absent: where the build writes them. */
  dashboard?: string | null;
  configure?: (server: Server) => void;
  /** Absent: nothing is traced. */
  tracer?: Tracer;
  /** Nothing is logged, for tests that look at memory. */
  silent?: boolean;
}

/** Stores whose methods are the given ones, and otherwise those of memory. */
export function stubStores(methods: Partial<Store>): Stores {
  return { open: () => ({ ...createMemoryStore(), ...methods }), close: async () => {} };
}

/** The largest body that the server under test takes. */
export const BODY_BYTES = 270_336;

/** Starts it. */
export async function startApi({
  stores: pool,
  endpointOf,
  heldBytes,
  configure,
  meter,
  attempts,
  tracer,
  silent = false,
  management,
  backups = { backups: async () => [], schedules: async () => [] },
  dashboard,
  plain = true,
}: ApiOptions): Promise<Api> {
  const lines: string[] = [];
  const log: Logger = pino({ level: silent ? 'silent' : 'trace' }, { write: (line: string) => lines.push(line) });
  const stores = createStoreIndex('cubby-system', endpointOf ?? (() => ({ host: 'unused', port: 1 })));
  const tokens = createTokenIndex('cubby-system');
  const state = { ready: true, draining: false };
  const budget = createBudget(heldBytes ?? 2 ** 26);
  const zero = () => 0;
  const metrics = createMetrics({
    heldBytes: () => budget.held,
    connections: zero,
    stores: zero,
    tokens: zero,
    synced: () => true,
    silentSeconds: zero,
    ledger: undefined,
  });
  const all = operations({ ready: () => state.ready }, dashboard);
  const pipeline = createPipeline({
    operations: all,
    log,
    observe: createObserver(log, metrics, 'all'),
    draining: () => state.draining,
    directory: { stores, tokens },
    systemNamespace: 'cubby-system',
    versions: ['8.0', '7.0'],
    attempts,
    tracer,
    stores: pool,
    meter: meter ?? createUnmetered(),
    management,
    backups,
    budget,
    bodyBytes: BODY_BYTES,
    now: Date.now,
  });
  const serve = holdToDocument(pipeline, all);
  const server = createHttpServer(createApp(serve, budget, log).callback());
  const front = plain ? putInFront(server, serve, budget) : undefined;
  configure?.(server);
  const port = await listen(server, 0, '127.0.0.1');
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    front,
    serve,
    stores,
    tokens,
    metrics,
    budget,
    logged: () => lines.join(''),
    state,
    tenant(namespace, { store, token } = {}) {
      stores.upsert(kvStore({ namespace, projectId: `project-${namespace}`, uid: `uid-${namespace}`, ...store }));
      const issued: { token: string; object: KVToken } = kvToken({ namespace, ...token });
      tokens.upsert(issued.object);
      return issued.token;
    },
    close() {
      server.close();
      front?.closeAll();
      server.closeAllConnections();
    },
  };
}

/** Sends bytes as they are, and resolves to all that comes back until the server closes or `ms` have passed. */
export function sendRaw(port: number, chunks: readonly (string | Buffer)[], ms = 400): Promise<string> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(received).toString('utf8'));
    };
    const timer = setTimeout(done, ms);
    socket.on('data', (chunk) => received.push(chunk)).on('end', done);
    socket.on('error', (error) => (received.length > 0 ? done() : reject(error)));
    for (const chunk of chunks) socket.write(chunk);
  });
}
