import { type MasterKeys, masterKeyId } from '../contract/credentials.ts';
import type { KVBackup, KVBackupSchedule, KVStore } from '../contract/objects.ts';
import { claimedProject, LEDGER } from '../contract/projects.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Controller, Reconcile, Run } from '../kube/controller.ts';
import type { EventRecorder } from '../kube/events.ts';
import { formatKey, type KubeObject, parseKey } from '../kube/object.ts';
import { createQueue, type Priority } from '../kube/queue.ts';
import { persistentVolumeClaims, pods, type Resource, secrets, statefulSets } from '../kube/resources.ts';
import type { Config } from './config.ts';
import { BY_STORE, startCaches } from './controller/caches.ts';
import {
  type ControllerName,
  enqueue,
  type KindName,
  type Queues,
  startControllers,
} from './controller/controllers.ts';
import { createShard } from './controller/shard.ts';
import {
  type Affected,
  backupChanged,
  childChanged,
  type Lookups,
  ledgerChanged,
  scheduleChanged,
  storeChanged,
  tokenChanged,
  urgency,
} from './controller/triggers.ts';
import { createKeyring } from './keyring.ts';
import { reconcileBackup } from './reconcile/backup.ts';
import { BY_PROJECT, type Context } from './reconcile/context.ts';
import { isProgressAlone } from './reconcile/key-rotation.ts';
import { reconcileLedger } from './reconcile/ledger.ts';
import { readMasterKeys, reconcileMasterKey } from './reconcile/master-key.ts';
import { reconcileSchedule } from './reconcile/schedule.ts';
import { reconcileStore } from './reconcile/store.ts';
import { reconcileToken } from './reconcile/token.ts';
import type { ConnectRedis } from './redis/session.ts';
import { keepPod } from './status/kept-pod.ts';
import type { Pod } from './status/pod.ts';

export interface OperatorOptions {
  client: KubeClient;
  config: Config;
  /** Nothing is reconciled before they are there. */
  masterKeys: Promise<MasterKeys>;
  connectRedis: ConnectRedis;
  events: Pick<EventRecorder, 'record'>;
  onRun: (controller: ControllerName, run: Run) => void;
  onWatchError: (resource: Resource, error: unknown, retryInMs: number) => void;
  /** Told the names of the master keys in use when they change. */
  onMasterKeys?: (current: string, previous: string | undefined) => void;
}

/** The watching half of the operator, which every replica runs; `lead` starts the writing half. */
export interface Operator {
  queues: Queues;
  caches: Pick<ReturnType<typeof startCaches>, 'stores' | 'masterKey' | 'isSynced' | 'silentMs'>;
  /** The stores of this operator's shard, and what goes with them: all of them where there are no shards. */
  ownStores(): KVStore[];
  ownBackups(): KVBackup[];
  ownSchedules(): KVBackupSchedule[];
  /** Starts to reconcile, once the caches are filled. */
  lead(): Promise<void>;
  /** Ends reconciles and watches, in that order. */
  stop(): Promise<void>;
}

/** Fills the caches and keeps them; writes nothing before `lead`. */
export function startOperator(options: OperatorOptions): Operator {
  const { client, config, connectRedis, events, onRun, onWatchError, onMasterKeys } = options;
  const queues: Queues = {
    store: createQueue(),
    token: createQueue(),
    backup: createQueue(),
    schedule: createQueue(),
    ledger: createQueue(),
    masterKey: createQueue(),
  };
  const wakeLedger = () => {
    if (config.ledger && shard.takesRest)
      queues.ledger.add(formatKey({ namespace: config.systemNamespace, name: LEDGER.name }), 'edit');
  };
  const keyring = createKeyring();
  const keySecret = { namespace: config.systemNamespace, name: config.masterKeySecret.name };
  const follow = (secret: Parameters<typeof readMasterKeys>[0]): boolean => {
    try {
      return keyring.follow(readMasterKeys(secret, config.masterKeySecret.key));
    } catch {
      return false; // told by its reconcile
    }
  };
  const wakeKey = () => {
    if (shard.takesRest) queues.masterKey.add(formatKey(keySecret), 'edit');
  };
  const caches = startCaches(
    client,
    keySecret,
    {
      onMasterKey(secret, old) {
        if (follow(secret)) {
          const { current, previous } = keyring.keys();
          onMasterKeys?.(masterKeyId(current), previous && masterKeyId(previous));
          for (const { metadata } of ownStores()) queues.store.add(formatKey(metadata), 'change');
        }
        if (!old || !isProgressAlone(secret, old)) wakeKey(); // last: it may be looked at before this returns
      },
      onStore: (store, change) => {
        wake(storeChanged(store, change, lookups), urgency(store, change));
        if (ledgerChanged(store, change, config.systemNamespace)) wakeLedger();
      },
      onToken: (token, change) => wake(tokenChanged(token, change, lookups), urgency(token, change)),
      onBackup: (backup, change) => wake(backupChanged(backup, change, lookups), urgency(backup, change)),
      onSchedule: (schedule, change) => wake(scheduleChanged(schedule, change, lookups), urgency(schedule, change)),
      onChild: (child) => wake(childChanged(child), 'change'),
      onError: onWatchError,
    },
    (pod) => keepPod(pod as KubeObject & Pod) as KubeObject & Pod,
  );
  const shard = createShard(config, (key) => caches.stores.get(key));
  const ownStores = () => caches.stores.list().filter(shard.isOurs);
  const isOurs = (name: KindName, key: string) => {
    const found = caches[`${name}s`].get(parseKey(key));
    return found === undefined || shard.isOurs(found); // what is gone has to be forgotten by whoever knew it
  };
  const wake = (affected: Affected, priority: Priority) => enqueue(queues, affected, priority, isOurs);
  const lookups: Lookups = {
    claimants: (store) => caches.stores.by(BY_PROJECT, claimedProject(store)),
    tokensOf: (store) => caches.tokens.by(BY_STORE, store),
    backupsOf: (store) => caches.backups.by(BY_STORE, store),
    schedulesOf: (store) => caches.schedules.by(BY_STORE, store),
    isOurs: shard.isOurs,
  };
  const context: Context = {
    client,
    caches: {
      stores: caches.stores,
      tokens: caches.tokens,
      backups: caches.backups,
      schedules: caches.schedules,
      statefulSets: caches.childCache(statefulSets),
      pods: caches.childCache(pods),
      claims: caches.childCache(persistentVolumeClaims),
      secrets: caches.childCache(secrets),
      masterKey: caches.masterKey,
      find: caches.find,
    },
    settings: { ...config, resyncMs: config.resyncSeconds * 1000 },
    masterKeys: keyring.keys,
    masterKeyStored: keyring.isStored,
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
    ownStores,
    ownBackups: () => caches.backups.list().filter(shard.isOurs),
    ownSchedules: () => caches.schedules.list().filter(shard.isOurs),
    async lead() {
      const [keys] = await Promise.all([options.masterKeys, caches.synced]);
      keyring.begin(keys);
      if (stopped) return;
      // Asked again, because the label may have changed since the key was queued.
      const reconcile: Record<ControllerName, Reconcile> = {
        async store(key, signal) {
          if (isOurs('store', key)) return reconcileStore(context, key, signal);
        },
        async token(key, signal) {
          if (isOurs('token', key)) return reconcileToken(context, key, signal);
          context.pendingTokens.delete(key);
        },
        async backup(key, signal) {
          if (isOurs('backup', key)) return reconcileBackup(context, key, signal);
        },
        async schedule(key, signal) {
          if (isOurs('schedule', key)) return reconcileSchedule(context, key, signal);
        },
        ledger: (key, signal) => reconcileLedger(context, key, signal),
        masterKey: (key, signal) => reconcileMasterKey(context, key, signal),
      };
      wakeLedger(); // where there is none, no change tells of it
      wakeKey();
      controllers = startControllers(queues, reconcile, config.concurrency, onRun);
    },
    async stop() {
      stopped = true;
      await controllers?.stop(10_000);
      await caches.stop();
    },
  };
}
