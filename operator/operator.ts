import { claimedProject, LEDGER } from '../contract/projects.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Controller, Run } from '../kube/controller.ts';
import type { EventRecorder } from '../kube/events.ts';
import { formatKey } from '../kube/object.ts';
import { createQueue } from '../kube/queue.ts';
import { persistentVolumeClaims, pods, type Resource, secrets, statefulSets } from '../kube/resources.ts';
import type { Config } from './config.ts';
import { BY_STORE, startCaches } from './controller/caches.ts';
import { type ControllerName, enqueue, type Queues, startControllers } from './controller/controllers.ts';
import { childChanged, type Lookups, ledgerChanged, storeChanged, tokenChanged } from './controller/triggers.ts';
import { BY_PROJECT, type Context } from './reconcile/context.ts';
import { reconcileLedger } from './reconcile/ledger.ts';
import { reconcileStore } from './reconcile/store.ts';
import { reconcileToken } from './reconcile/token.ts';
import type { ConnectRedis } from './redis/session.ts';

export interface OperatorOptions {
  client: KubeClient;
  config: Config;
  /** Nothing is reconciled before it is there. */
  masterKey: Promise<Uint8Array>;
  connectRedis: ConnectRedis;
  events: Pick<EventRecorder, 'record'>;
  onRun: (controller: ControllerName, run: Run) => void;
  onWatchError: (resource: Resource, error: unknown, retryInMs: number) => void;
}

/** The watching half of the operator, which every replica runs; `lead` starts the writing half. */
export interface Operator {
  queues: Queues;
  caches: Pick<ReturnType<typeof startCaches>, 'stores' | 'isSynced' | 'silentMs'>;
  /** Starts to reconcile, once the caches are filled. */
  lead(): Promise<void>;
  /** Ends reconciles and watches, in that order. */
  stop(): Promise<void>;
}

/** Fills the caches and keeps them; writes nothing before `lead`. */
export function startOperator(options: OperatorOptions): Operator {
  const { client, config, connectRedis, events, onRun, onWatchError } = options;
  const queues: Queues = { store: createQueue(), token: createQueue(), ledger: createQueue() };
  const wakeLedger = () => {
    if (config.ledger) queues.ledger.add(formatKey({ namespace: config.systemNamespace, name: LEDGER.name }), 'edit');
  };
  const caches = startCaches(client, {
    onStore: (store, change) => {
      enqueue(queues, storeChanged(store, change, lookups), 'edit');
      if (ledgerChanged(store, change, config.systemNamespace)) wakeLedger();
    },
    onToken: (token, change) => enqueue(queues, tokenChanged(token, change), 'edit'),
    onChild: (child) => enqueue(queues, childChanged(child), 'change'),
    onError: onWatchError,
  });
  const lookups: Lookups = {
    claimants: (store) => caches.stores.by(BY_PROJECT, claimedProject(store)),
    tokensOf: (store) => caches.tokens.by(BY_STORE, store),
  };
  const context: Omit<Context, 'masterKey'> = {
    client,
    caches: {
      stores: caches.stores,
      tokens: caches.tokens,
      statefulSets: caches.childCache(statefulSets),
      pods: caches.childCache(pods),
      claims: caches.childCache(persistentVolumeClaims),
      secrets: caches.childCache(secrets),
      find: caches.find,
    },
    settings: { ...config, resyncMs: config.resyncSeconds * 1000 },
    connectRedis,
    events,
    pendingTokens: new Map(),
    now: () => new Date(),
  };
  let controllers: Controller | undefined;
  let stopped = false;

  return {
    queues,
    caches,
    async lead() {
      const [masterKey] = await Promise.all([options.masterKey, caches.synced]);
      if (stopped) return;
      const whole: Context = { ...context, masterKey };
      const reconcile = {
        store: (key: string, signal: AbortSignal) => reconcileStore(whole, key, signal),
        token: (key: string, signal: AbortSignal) => reconcileToken(whole, key, signal),
        ledger: (key: string, signal: AbortSignal) => reconcileLedger(whole, key, signal),
      };
      wakeLedger(); // where there is none, no change tells of it
      controllers = startControllers(queues, reconcile, config.concurrency, onRun);
    },
    async stop() {
      stopped = true;
      await controllers?.stop(10_000);
      await caches.stop();
    },
  };
}
