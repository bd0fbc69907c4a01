import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { DEFAULT_PRICES, type PricedOperation } from '../contract/prices.ts';
import { PROJECT_ID_PATTERN } from '../contract/projects.ts';

/** Where the chart mounts the configuration. */
export const DEFAULT_CONFIG_PATH = '/etc/cubby/dataplane.json';

const ms = (preset: number) => z.int().min(1).default(preset);
const price = (operation: PricedOperation) => z.int().min(0).default(DEFAULT_PRICES[operation]);
const port = (preset: number) => z.int().min(0).max(65_535).default(preset);

const fields = z.strictObject({
  /** Address to listen on; absent means every one. */
  host: z.string().optional(),
  port: port(8080),
  metricsPort: port(9090),
  /** Where Cubby is installed; API keys of this namespace reach every project. */
  systemNamespace: z.string().min(1).default('cubby-system'),
  masterKeyFile: z.string().min(1).default('/etc/cubby/master-key'),
  limits: z
    .strictObject({
      /** Bytes of one request body: the largest value, and room for what is around it. */
      bodyBytes: z.int().min(1024).default(270_336),
      /** Bytes of all bodies that are held at the same time; one tenant's share of a quarter has room for a full batch. */
      heldBytes: z.int().min(1024).default(134_217_728),
      /** Requests to one store at the same time. */
      storeInFlight: z.int().min(1).default(1024),
      /** Requests that wait for one store to take commands at the same time. */
      storeWaiting: z.int().min(1).default(256),
      /** Requests without a valid token that one address may send in a second, ten times as many at once; 0 for any. */
      failedAuthenticationsPerSecond: z.int().min(0).default(20),
    })
    .refine(({ bodyBytes, heldBytes }) => heldBytes >= bodyBytes, {
      message: 'heldBytes must be at least bodyBytes, or the largest bodies would never be taken',
      path: ['heldBytes'],
    })
    .prefault({}),
  /** Bytes that values of stores with `reads: cached` may take up; 0 keeps none. */
  cacheBytes: z.int().min(0).default(33_554_432),
  /** How long a request waits for a store that is restarting. */
  storeWaitMs: ms(2000),
  /** The same where the operator restarts it, as for a change of its version. */
  storeRestartWaitMs: ms(5000),
  /** How long the reply to a command may take; after that a write's outcome is unknown. */
  commandTimeoutMs: ms(5000),
  connectTimeoutMs: ms(1000),
  /** A connection to a store is closed when nothing was asked of it for so long. */
  idleCloseMs: ms(300_000),
  /** How long a stopping process keeps serving. */
  drainSeconds: z.int().min(0).default(5),
  /** Nano-tokens that one of each operation costs. */
  prices: z
    .strictObject({
      get: price('get'),
      set: price('set'),
      delete: price('delete'),
      increment: price('increment'),
      scan: price('scan'),
    })
    .prefault({}),
  /** The KVStore that keeps budgets and rates; absent means that nothing is limited or counted. */
  ledger: z.strictObject({ namespace: z.string().min(1), name: z.string().min(1) }).exactOptional(),
  /** The most that one project is charged on one replica beyond its lease while the ledger is away. */
  overdraftNanoTokens: z.int().min(0).default(1_000_000_000),
  /** The Redis versions that stores may ask for; those of the operator's catalogue. */
  versions: z.array(z.string().min(1)).default([]),
  /** Whether the dashboard is served. */
  dashboard: z.boolean().default(true),
  /** Where stores are made over the API, and what they are made with; absent means that none are. */
  management: z
    .strictObject({
      /** The one namespace whose stores are written. */
      namespace: z.string().min(1),
      /** The project that is meant where none is named. */
      defaultProject: z.string().regex(PROJECT_ID_PATTERN).default('default'),
      defaultVersion: z.string().min(1).default('8.0'),
      /** A Kubernetes quantity. */
      defaultMemory: z.string().min(1).default('256Mi'),
    })
    .exactOptional(),
  /** Which requests have a line in the log: those that failed, but for those that a limit or a budget refused; or all. */
  accessLog: z.enum(['errors', 'all']).default('errors'),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
});

const schema = fields.refine(({ management, systemNamespace }) => management?.namespace !== systemNamespace, {
  message: 'management.namespace must not be the system namespace, whose tokens reach every project',
  path: ['management', 'namespace'],
});

/** The data plane's configuration; every field has a default. */
export type Config = Readonly<z.infer<typeof schema>>;

/** Reads a configuration file (JSON). Throws an Error that names the file and every wrong field. */
export function readConfig(file: string): Config {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`cannot read the configuration ${file}: ${(error as Error).message}`);
  }
  const result = schema.safeParse(json);
  if (!result.success) throw new Error(`the configuration ${file} is wrong:\n${z.prettifyError(result.error)}`);
  return Object.freeze(result.data);
}
