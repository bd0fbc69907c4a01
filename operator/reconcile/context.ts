import type { MasterKeys } from '../../contract/credentials.ts';
import type { KVBackup, KVBackupSchedule, KVStore, KVToken } from '../../contract/objects.ts';
import type { Cache } from '../../kube/cache.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { EventRecorder } from '../../kube/events.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { ConnectRedis } from '../redis/session.ts';
import type { LedgerSettings } from '../resources/ledger.ts';
import type { StoreLimits } from '../status/store-facts.ts';
import type { Pod, Secret, StatefulSet, VolumeClaim } from './kinds.ts';
import type { PendingToken } from './rotation.ts';

/** Name of the index of stores by the project that they claim. */
export const BY_PROJECT = 'project';

/** Name of the index of backups by the "namespace/name" of the schedule that made them. */
export const BY_SCHEDULE = 'schedule';

/** What the operator sees of the cluster without asking. Only objects with its label are in it, besides its own kinds. */
export interface Caches {
  stores: Cache<KVStore>;
  tokens: Cache<KVToken>;
  backups: Cache<KVBackup>;
  schedules: Cache<KVBackupSchedule>;
  statefulSets: Cache<StatefulSet>;
  pods: Cache<Pod>;
  claims: Cache<VolumeClaim>;
  secrets: Cache<Secret>;
  /** The Secret of the master key alone. */
  masterKey: Cache<Secret>;
  /** The cached object of the same kind and name. */
  find(object: KubeObject): KubeObject | undefined;
}

/** What of the configuration reconciling depends on. */
export interface Settings {
  systemNamespace: string;
  /** Images by version. */
  versions: Readonly<Record<string, string>>;
  /** Limits by the name of the plan that sets them. */
  plans: Readonly<Record<string, StoreLimits>>;
  /** Cubby's own, for backup pods. */
  image: string;
  imagePullPolicy?: string | undefined;
  /** Secrets of the stores' namespaces by which backup pods get their images. */
  backupPullSecrets?: readonly { name: string }[] | undefined;
  dataPlaneUrl: string;
  /** The master key's Secret, in the system namespace, and the key of its data. */
  masterKeySecret: { name: string; key: string };
  /** For how long replaced passwords are accepted. */
  credentialOverlapSeconds: number;
  /** The ledger that the operator keeps, where it keeps one. */
  ledger?: LedgerSettings | undefined;
  resyncMs: number;
}

/** All that a reconcile works with. */
export interface Context {
  client: KubeClient;
  caches: Caches;
  settings: Settings;
  /** The master keys as they are now. */
  masterKeys: () => MasterKeys;
  /** Whether the Secret of the master key was there since this process began. */
  masterKeyStored: () => boolean;
  connectRedis: ConnectRedis;
  events: Pick<EventRecorder, 'record'>;
  /** Tokens that are about to replace others, by the "namespace/name" of their KVToken. */
  pendingTokens: Map<string, PendingToken>;
  now: () => Date;
}

/** Owns the fields that the operator sets. */
export const FIELD_MANAGER = 'cubby.dev';
