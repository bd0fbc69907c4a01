import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { collectDefaultMetrics } from 'prom-client';
import { passwordsToTry } from '../contract/credentials.ts';
import { connect } from '../kube/config.ts';
import { type Attempts, createAttempts } from './auth/attempts.ts';
import { createCache } from './cache/cache.ts';
import { type Config, DEFAULT_CONFIG_PATH, readConfig } from './config.ts';
import { createBackupEditor } from './directory/backup-editor.ts';
import { createBackupReader } from './directory/backup-reader.ts';
import { createStoreEditor } from './directory/store-editor.ts';
import { createStoreIndex } from './directory/stores.ts';
import { createTokenEditor } from './directory/token-editor.ts';
import { createTokenIndex } from './directory/tokens.ts';
import { watchDirectory } from './directory/watch.ts';
import { createApp } from './http/app.ts';
import { putInFront } from './http/front.ts';
import { close, createHttpServer, listen } from './http/server.ts';
import { openMeter } from './ledger.ts';
import { openMasterKeys } from './master-key.ts';
import { createUnmetered } from './metering/unmetered.ts';
import { createBudget } from './pipeline/admission.ts';
import { createMetrics } from './pipeline/metrics.ts';
import { createObserver } from './pipeline/observe.ts';
import { scrape } from './pipeline/scrape.ts';
import { createPipeline } from './pipeline/serve.ts';
import { DASHBOARD_FOLDER } from './routes/dashboard.ts';
import { operations } from './routes/table.ts';
import { createPool } from './store/pool.ts';
import type { StoreAddress } from './store/port.ts';
import { createStoreReport } from './store-report.ts';
import { wantsTraces } from './tracing/wanted.ts';

const HELP = `dataplane --config FILE [--kubeconfig FILE]

Answers key-value requests with the stores of a cluster.

  --config FILE      configuration (default ${DEFAULT_CONFIG_PATH})
  --kubeconfig FILE  cluster to work on (default: KUBECONFIG, ~/.kube/config, or the pod's service account)
`;

const { values: args } = parseArgs({
  options: {
    config: { type: 'string', default: DEFAULT_CONFIG_PATH },
    kubeconfig: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (args.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
try {
  await start(readConfig(args.config), args.kubeconfig);
} catch (error) {
  console.error(`the data plane cannot start: ${(error as Error).message}`);
  process.exit(1);
}

/** Brings the data plane up, and takes it down in order when the process is told to stop. */
async function start(config: Config, kubeconfig: string | undefined): Promise<void> {
  const log = pino({ level: config.logLevel, base: null });
  const masterKeys = openMasterKeys(config.masterKeyFile, (event) => {
    if ('error' in event) log.error(event, 'the master key was not taken over; the one that was known stays in use');
    else log.info(event, 'the master key has changed');
  });
  const client = connect({ kubeconfig, userAgent: 'cubby-dataplane' });
  const directory = {
    stores: createStoreIndex(config.systemNamespace),
    tokens: createTokenIndex(config.systemNamespace),
  };
  const watch = watchDirectory(client, directory, (error, retryInMs) => {
    log.warn({ retryInMs: Math.round(retryInMs), error: String(error) }, 'the directory cannot be read now');
  });
  const password = ({ uid, credentialGeneration }: StoreAddress) =>
    passwordsToTry(masterKeys(), uid, credentialGeneration, 'dataplane');
  const cache = createCache({ bytes: config.cacheBytes });
  const pool = createPool({
    limits: {
      waitMs: config.storeWaitMs,
      inFlight: config.limits.storeInFlight,
      waiting: config.limits.storeWaiting,
      restart: {
        waitMs: config.storeRestartWaitMs,
        // As many a second as otherwise, and for as long.
        waiting: Math.ceil((config.limits.storeWaiting * config.storeRestartWaitMs) / config.storeWaitMs),
      },
    },
    connectTimeoutMs: config.connectTimeoutMs,
    commandTimeoutMs: config.commandTimeoutMs,
    idleCloseMs: config.idleCloseMs,
    password,
    report: (address, event) => report(address, event),
    hooks: cache.hooks,
  });
  const ledgerMeter = openMeter(config, directory.stores, password, log);
  const meter = ledgerMeter ?? createUnmetered();
  const budget = createBudget(config.limits.heldBytes);
  const metrics = createMetrics({
    heldBytes: () => budget.held,
    connections: () => pool.connections(),
    stores: () => directory.stores.size,
    tokens: () => directory.tokens.size,
    synced: () => watch.synced(),
    silentSeconds: () => watch.silentMs() / 1000,
    ledger: ledgerMeter?.figures,
    cache: cache.figures,
  });
  collectDefaultMetrics({ register: metrics.registry });
  const report = createStoreReport(log, metrics, () => performance.now());
  let stopping = false;
  const { management } = config;
  // Loaded where it is used only: it takes some megabytes.
  const tracing = wantsTraces(process.env)
    ? (await import('./tracing/start.ts')).startTracing(process.env, log)
    : undefined;
  const serve = createPipeline({
    tracer: tracing?.tracer,
    operations: operations({ ready: () => watch.synced() && !stopping }, config.dashboard ? DASHBOARD_FOLDER : null),
    log,
    observe: createObserver(log, metrics, config.accessLog),
    draining: () => stopping,
    directory,
    backups: createBackupReader(client),
    systemNamespace: config.systemNamespace,
    versions: config.versions,
    attempts: attemptsOf(config.limits.failedAuthenticationsPerSecond),
    stores: pool,
    meter,
    management: management && {
      ...management,
      editor: createStoreEditor(client, management.namespace),
      tokens: createTokenEditor(client, management.namespace),
      backups: createBackupEditor(client, management.namespace),
    },
    budget,
    bodyBytes: config.limits.bodyBytes,
    now: Date.now,
  });
  const server = createHttpServer(createApp(serve, budget, log).callback());
  const front = putInFront(server, serve, budget);
  const metricsServer = createHttpServer(async (request, response) => {
    if (request.url !== '/metrics') return response.writeHead(404).end();
    response.setHeader('Content-Type', metrics.registry.contentType);
    try {
      return response.end(await scrape(metrics.registry));
    } catch (error) {
      log.error({ stack: (error as Error).stack }, 'the metrics cannot be read');
      return response.writeHead(500).end();
    }
  });
  const metricsPort = await listen(metricsServer, config.metricsPort, config.host);
  const port = await listen(server, config.port, config.host);
  log.info({ port, metricsPort }, 'listening');

  closeWithGrace({ delay: (config.drainSeconds + 12) * 1000, logger: false }, async ({ err }) => {
    if (err) log.fatal({ stack: err.stack }, 'stopping after an error');
    stopping = true;
    log.info({ drainSeconds: config.drainSeconds }, 'stopping');
    // Clients and load balancers learn of it with some delay; until then they are served as before.
    if (!err) await sleep(config.drainSeconds * 1000);
    await close(server, 10_000, front);
    await meter.close();
    await tracing?.close();
    await pool.close();
    await watch.stop();
    client.close();
    await close(metricsServer, 0);
  });
}

/** Ten thousand sources take up about a megabyte. */
function attemptsOf(perSecond: number): Attempts | undefined {
  return perSecond === 0 ? undefined : createAttempts({ perSecond, burst: 10 * perSecond, sources: 10_000 });
}
