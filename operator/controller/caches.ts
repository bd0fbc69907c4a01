import { MANAGED_BY, MANAGED_BY_LABEL, SCHEDULE_LABEL } from '../../contract/labels.ts';
import {
  API_VERSION,
  type KVBackup,
  type KVBackupSchedule,
  type KVStore,
  type KVToken,
} from '../../contract/objects.ts';
import { claimedProject } from '../../contract/projects.ts';
import type { Cache } from '../../kube/cache.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ApiObject, KubeObject } from '../../kube/object.ts';
import { keyOf } from '../../kube/object.ts';
import { type Reflector, type ReflectorOptions, startReflector } from '../../kube/reflector.ts';
import {
  configMaps,
  networkPolicies,
  persistentVolumeClaims,
  podDisruptionBudgets,
  pods,
  type Resource,
  resource,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../kube/resources.ts';

/** What is told of changes: synchronously, after the caches have them. */
export interface Listener {
  onStore(store: KVStore, change: Change<KVStore>): void;
  onToken(token: KVToken, change: Change<KVToken>): void;
  onBackup(backup: KVBackup, change: Change<KVBackup>): void;
  onSchedule(schedule: KVBackupSchedule, change: Change<KVBackupSchedule>): void;
  onChild(child: ApiObject): void;
  onMasterKey(secret: SecretObject, old: SecretObject | undefined): void;
  /** A list or a watch failed and is tried again. */
  onError(resource: Resource, error: unknown, retryInMs: number): void;
}

/** A Secret whose data is of interest; values are base64. */
interface SecretObject extends KubeObject {
  data?: Record<string, string>;
}

/** How an object changed. `old` is what it was before an update. */
export type Change<T> = { type: 'created' | 'deleted' } | { type: 'updated'; old: T };

const kvStores = resource(API_VERSION, 'KVStore', 'kvstores');
const kvTokens = resource(API_VERSION, 'KVToken', 'kvtokens');
const kvBackups = resource(API_VERSION, 'KVBackup', 'kvbackups');
const kvBackupSchedules = resource(API_VERSION, 'KVBackupSchedule', 'kvbackupschedules');
const childKinds = [
  statefulSets,
  services,
  configMaps,
  secrets,
  networkPolicies,
  serviceAccounts,
  pods,
  persistentVolumeClaims,
  podDisruptionBudgets,
] as const;

/** Index of tokens, schedules, and backups that are not over, by the "namespace/name" of their store. */
export const BY_STORE = 'store';

/**
 * Starts to watch stores, tokens, the master key's Secret, and everything that carries the operator's label. Of pods what
 * `keepPod` leaves is kept.
 */
export function startCaches(
  client: KubeClient,
  masterKeySecret: { namespace: string; name: string },
  listener: Listener,
  keepPod: (pod: KubeObject) => KubeObject,
) {
  const reflect = <T extends ApiObject>(
    kind: Resource,
    options: Omit<ReflectorOptions<T>, 'client' | 'resource'>,
  ): Reflector<T> =>
    startReflector<T>({
      client,
      resource: kind,
      onError: (error, retryInMs) => listener.onError(kind, error, retryInMs),
      ...options,
    });
  const changeOf = <T>(old: T | undefined): Change<T> => (old ? { type: 'updated', old } : { type: 'created' });

  const stores = reflect<KVStore>(kvStores, {
    indexers: { project: (store) => [claimedProject(store)] },
    onUpsert: (store, old) => listener.onStore(store, changeOf(old)),
    onDelete: (store) => listener.onStore(store, { type: 'deleted' }),
  });
  const tokens = reflect<KVToken>(kvTokens, {
    indexers: {
      [BY_STORE]: ({ spec, metadata }) => (spec.storeRef ? [`${metadata.namespace}/${spec.storeRef.name}`] : []),
    },
    onUpsert: (token, old) => listener.onToken(token, changeOf(old)),
    onDelete: (token) => listener.onToken(token, { type: 'deleted' }),
  });
  const backups = reflect<KVBackup>(kvBackups, {
    indexers: {
      [BY_STORE]: (backup) => (isOver(backup) ? [] : storeOf(backup)),
      schedule: ({ metadata: { namespace, labels } }) => {
        const schedule = labels?.[SCHEDULE_LABEL];
        return schedule === undefined ? [] : [`${namespace}/${schedule}`];
      },
    },
    onUpsert: (backup, old) => listener.onBackup(backup, changeOf(old)),
    onDelete: (backup) => listener.onBackup(backup, { type: 'deleted' }),
  });
  const schedules = reflect<KVBackupSchedule>(kvBackupSchedules, {
    indexers: { [BY_STORE]: storeOf },
    onUpsert: (schedule, old) => listener.onSchedule(schedule, changeOf(old)),
    onDelete: (schedule) => listener.onSchedule(schedule, { type: 'deleted' }),
  });
  const children = new Map<string, Reflector>(
    childKinds.map((kind) => [
      kind.kind,
      reflect<KubeObject>(kind, {
        labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY}`,
        // The others are compared with what they should be, whole.
        ...(kind === pods && { transform: keepPod }),
        onUpsert: (child) => listener.onChild(child),
        onDelete: (child) => listener.onChild(child),
      }),
    ]),
  );
  const masterKey = reflect<SecretObject>(secrets, {
    namespace: masterKeySecret.namespace,
    fieldSelector: `metadata.name=${masterKeySecret.name}`,
    onUpsert: (secret, old) => listener.onMasterKey(secret, old),
  });
  const all: readonly Reflector<never>[] = [
    stores,
    tokens,
    backups,
    schedules,
    masterKey,
    ...children.values(),
  ] as never;
  const childCache = <T extends ApiObject>(kind: Resource) => children.get(kind.kind)?.cache as unknown as Cache<T>;

  return {
    stores: stores.cache,
    tokens: tokens.cache,
    backups: backups.cache,
    schedules: schedules.cache,
    masterKey: masterKey.cache,
    /** The cache of one kind of children, read as `T`. */
    childCache,
    /** The cached object of the same kind and name. */
    find: (object: KubeObject): KubeObject | undefined => children.get(object.kind)?.cache.get(keyOf(object)),
    /** Resolves when every cache holds a whole list. */
    synced: Promise.all(all.map((reflector) => reflector.synced)).then(() => {}),
    /** Whether every cache has been filled. */
    isSynced: () => all.every((reflector) => reflector.health().synced),
    /** How long the API server has been silent on the quietest watch, in ms. */
    silentMs: () => Math.max(...all.map((reflector) => reflector.health().silentMs)),
    async stop(): Promise<void> {
      await Promise.all(all.map((reflector) => reflector.stop()));
    },
  };
}

function storeOf({ metadata, spec }: KVBackup | KVBackupSchedule): string[] {
  return [`${metadata.namespace}/${spec.storeRef.name}`];
}

function isOver({ status }: KVBackup): boolean {
  return status?.phase === 'Completed' || status?.phase === 'Failed';
}
