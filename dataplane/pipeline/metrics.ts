import { Counter, Gauge, Registry } from 'prom-client';
import { type Cell, createDistributions, createTally, type Distribution, entry } from './tally.ts';

/** At most so many projects have a series of their own; the rest share `other`, so that tenants cannot fill memory. */
const MAX_PROJECTS = 2000;

/** The data plane's metrics; docs for each are in its help text. */
export interface Metrics {
  registry: Registry;
  /** Counts a request and the seconds it took. `status` 499 means that the client went away. */
  count(route: string, method: string, status: number, code: string, seconds: number): void;
  storeEvents: Counter<'event' | 'code'>;
  /** Counts what a request was charged. */
  countCharge(operation: string, nanoTokens: number): void;
  /** Counts a request that was beyond its rate limit. */
  countLimited(): void;
  /** Counts a request of a project. */
  countProject(project: string, status: number): void;
}

/** What is read at the time of a scrape. */
export interface Gauges {
  heldBytes: () => number;
  connections: () => number;
  stores: () => number;
  tokens: () => number;
  synced: () => boolean;
  silentSeconds: () => number;
  /** Undefined where nothing is metered. */
  ledger: (() => LedgerFigures) | undefined;
  /** Absent where nothing is kept. */
  cache?: () => CacheFigures;
}

/** Counts are since the start. */
interface CacheFigures {
  hits: number;
  misses: number;
  invalidations: number;
  bytes: number;
}

/** Counts are since the start; amounts are nano-tokens. */
interface LedgerFigures {
  ledgerUp: boolean;
  overdraft: number;
  leased: number;
  exchanges: number;
}

/** Metrics in a registry of their own. */
export function createMetrics(gauges: Gauges): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('cubby_held_bytes', 'Bytes of request and answer bodies held in memory', gauges.heldBytes);
  gauge('cubby_store_connections', 'Open connections to stores', gauges.connections);
  gauge('cubby_directory_stores', 'KVStores known', gauges.stores);
  gauge('cubby_directory_tokens', 'KVTokens known', gauges.tokens);
  gauge('cubby_directory_synced', '1 once the directory has been read from the API server', () =>
    gauges.synced() ? 1 : 0,
  );
  gauge('cubby_directory_silent_seconds', 'Seconds since the API server was last heard', gauges.silentSeconds);
  const { ledger } = gauges;
  gauge('cubby_ledger_up', '1 while the ledger answers, or where there is none', () =>
    ledger?.().ledgerUp === false ? 0 : 1,
  );
  gauge(
    'cubby_ledger_overdraft_tokens',
    'Tokens charged while the ledger was away, and not settled yet',
    () => (ledger?.().overdraft ?? 0) / 1e9,
  );
  gauge('cubby_ledger_leased_tokens', 'Tokens leased and not spent', () => (ledger?.().leased ?? 0) / 1e9);
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  counter(
    'cubby_ledger_calls_total',
    'Exchanges with the ledger, each for all projects that were due',
    () => ledger?.().exchanges ?? 0,
  );
  const { cache } = gauges;
  gauge('cubby_cache_bytes', 'Bytes of values kept for stores with reads: cached', () => cache?.().bytes ?? 0);
  counter('cubby_cache_hits_total', 'Reads answered from memory', () => cache?.().hits ?? 0);
  counter(
    'cubby_cache_misses_total',
    'Reads that memory could have answered and did not know',
    () => cache?.().misses ?? 0,
  );
  counter(
    'cubby_cache_invalidations_total',
    'Values that memory let go because Redis said that they were written',
    () => cache?.().invalidations ?? 0,
  );
  const limited = new Counter({ name: 'cubby_rate_limited_total', help: 'Requests beyond a rate limit', registers });
  const charged = createTally({
    name: 'cubby_tokens_charged_total',
    help: 'Tokens charged by operation, also where no budget is set',
    perUnit: 1e9,
    labelNames: ['operation'] as const,
    registers,
  });
  const projects = createTally({
    name: 'cubby_project_requests_total',
    help: 'Requests by project and status class',
    labelNames: ['project', 'class'] as const,
    registers,
  });
  const requests = createTally({
    name: 'cubby_http_requests_total',
    help: 'Requests answered; code is the error code or empty, status 499 means that the client went away',
    labelNames: ['route', 'method', 'status', 'code'] as const,
    registers,
  });
  const durations = createDistributions({
    name: 'cubby_http_request_duration_seconds',
    help: 'Time from the request line to the last byte of the answer',
    labelNames: ['route', 'method'] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const routes = new Map<string, Map<string, RouteCells>>();
  const operations = new Map<string, Cell>();
  const known = new Map<string, Map<number, Cell>>();
  const others = new Map<number, Cell>();
  return {
    registry,
    count(route, method, status, code, seconds) {
      const cells = entry(entry(routes, route, newMap<string, RouteCells>), method, () => ({
        answers: new Map(),
        duration: durations({ route, method }),
      }));
      const answer = code === '' ? status : `${status} ${code}`;
      entry(cells.answers, answer, () => requests({ route, method, status, code })).value++;
      cells.duration.observe(seconds);
    },
    storeEvents: new Counter({
      name: 'cubby_store_events_total',
      help: 'Connections made and lost, and commands that failed, over all stores; code is a word of Redis or of the system',
      labelNames: ['event', 'code'] as const,
      registers,
    }),
    countCharge(operation, nanoTokens) {
      entry(operations, operation, () => charged({ operation })).value += nanoTokens;
    },
    countLimited() {
      limited.inc();
    },
    countProject(project, status) {
      const name = known.has(project) || known.size < MAX_PROJECTS ? project : 'other';
      const classes = name === 'other' ? others : entry(known, project, newMap<number, Cell>);
      const first = Math.floor(status / 100);
      entry(classes, first, () => projects({ project: name, class: `${first}xx` })).value++;
    },
  };
}

interface RouteCells {
  /** By status, with the error code behind it where there is one. */
  answers: Map<number | string, Cell>;
  duration: Distribution;
}

function newMap<K, V>(): Map<K, V> {
  return new Map();
}
