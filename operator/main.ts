import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { connect } from '../kube/config.ts';
import type { Run } from '../kube/controller.ts';
import { createEventRecorder } from '../kube/events.ts';
import { type Elector, startElector } from '../kube/lease.ts';
import { type Config, DEFAULT_CONFIG_PATH, leaseName, readConfig } from './config.ts';
import type { ControllerName } from './controller/controllers.ts';
import { awaitMasterKey } from './master-key.ts';
import { createMetrics } from './metrics.ts';
import { startOperator } from './operator.ts';
import { rotationsOverdue } from './overdue.ts';
import { countSessions } from './redis/outcome.ts';
import { connectRedis } from './redis/session.ts';
import { startServer } from './server.ts';

const HELP = `operator --config FILE [--kubeconfig FILE]

Keeps every KVStore and KVToken of a cluster as its spec says.

  --config FILE      configuration (default ${DEFAULT_CONFIG_PATH})
  --kubeconfig FILE  cluster to work on (default: KUBECONFIG, ~/.kube/config, or the pod's service account)
`;

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: DEFAULT_CONFIG_PATH },
    kubeconfig: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const config = loadConfig(values.config);
const log = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime });
const client = connect({
  kubeconfig: values.kubeconfig,
  userAgent: 'cubby-operator',
  onAnswer: (answered) => countAnswer(answered),
});
const { systemNamespace, masterKeySecret, leaderElection } = config;

const masterKeys = awaitMasterKey(client, { namespace: systemNamespace, ...masterKeySecret }, (error, retryInMs) =>
  log.warn({ error: describe(error), retryInMs }, 'the master key cannot be read yet'),
);
masterKeys.catch((error) => {
  log.fatal({ error: describe(error) }, 'there is no master key');
  process.exit(1);
});
const events = createEventRecorder({
  client,
  component: 'cubby-operator',
  instance: hostname(),
  onError: (error) => log.warn({ error: describe(error) }, 'an Event was not written'),
});
const operator = startOperator({
  client,
  config,
  masterKeys,
  connectRedis: countSessions(connectRedis, (outcome) => countSession(outcome)),
  events,
  onRun,
  onMasterKeys: (current, previous) => log.info({ current, previous }, 'the master key has changed'),
  onWatchError(resource, error, retryInMs) {
    countWatchError(resource);
    log.warn({ resource: resource.plural, error: describe(error), retryInMs }, 'a watch is started anew');
  },
});
let elector: Elector | undefined;
const { registry, countRun, countAnswer, countWatchError, countSession } = createMetrics({
  queues: operator.queues,
  stores: operator.ownStores,
  backups: operator.ownBackups,
  schedules: operator.ownSchedules,
  shard: config.shard?.name,
  isLeader: () => elector?.isLeader() ?? !leaderElection.enabled,
  silentMs: operator.caches.silentMs,
  overdue() {
    const [masterKey] = operator.caches.masterKey.list();
    return rotationsOverdue(masterKey, operator.ownStores(), config.credentialOverlapSeconds * 1000, Date.now());
  },
  now: Date.now,
});
const server = startServer(config.port, registry, operator.caches.isSynced);

closeWithGrace({ delay: 20_000, logger: false }, async ({ signal, err }) => {
  if (err) log.fatal({ error: describe(err) }, 'ending on an error');
  else log.info({ signal }, 'stopping');
  server.close();
  await operator.stop();
  await events.flush();
  await elector?.stop(); // last: whoever takes over must be the only one who writes
  client.close();
});

if (leaderElection.enabled) {
  elector = startElector({
    client,
    namespace: systemNamespace,
    name: leaseName(config),
    identity: `${hostname()}-${randomBytes(4).toString('hex')}`,
    onElected: () => void lead(),
    onLost: (reason) => {
      log.fatal({ error: describe(reason) }, 'no longer the leader');
      process.exit(1); // at once: another may write already
    },
    onError: (error) => log.warn({ error: describe(error) }, 'the lease could not be taken or renewed'),
  });
} else {
  void lead();
}

async function lead(): Promise<void> {
  log.info({ shard: config.shard?.name }, 'leading');
  await operator.lead();
}

function onRun(controller: ControllerName, run: Run): void {
  countRun(controller, run);
  const { key, outcome, durationMs, againInMs, error } = run;
  const fields = { controller, key, outcome, ms: Math.round(durationMs), againInMs };
  if (error === undefined) log.debug(fields, 'reconciled');
  else log.warn({ ...fields, error: describe(error) }, 'not reconciled');
}

/** An error's text without its stack and causes, which may quote what was sent. */
function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function loadConfig(path: string): Config {
  try {
    return readConfig(path);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(2);
  }
}
