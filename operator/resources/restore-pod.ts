import { BACKUP_PATHS, type BackupEncryption, type BackupJob } from '../../contract/backup.ts';
import { memberNames } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import { backupPod } from './backup-pod.ts';
import { digest } from './digest.ts';
import type { Manifest } from './manifest.ts';
import { containerSecurity } from './security.ts';

/** A job that works on the volume of a store. */
export type RestoreJob = Extract<BackupJob, { verb: 'fetch' | 'swap' | 'undo' | 'clean' }>;

/** What a restore pod is made from. */
export interface RestorePodOptions {
  job: RestoreJob;
  /** That of the member whose volume it is. */
  ordinal: number;
  /** Cubby's own, which has the program. */
  image: string;
  imagePullPolicy?: string | undefined;
  /** Secrets of the namespace by which both images are got. */
  pullSecrets?: readonly { name: string }[] | undefined;
  /** The key of the backup, for a fetch of one that is encrypted. */
  encryption?: BackupEncryption | undefined;
  /** The store's Redis, which must be able to read what was fetched, and what its container may use. */
  redis: { image: string; limits: Record<string, string> };
  scheduling: Record<string, unknown>;
  /** The node on which the volume is in use; absent lets the scheduler choose. */
  node?: string | undefined;
  /** Sets tries of the same job apart. */
  attempt: number;
}

/** The container in which the store's own Redis looks at what was fetched. */
export const CHECK_CONTAINER = 'check';
/** On a restore pod: digest of what it was made for. */
export const JOB_ANNOTATION = 'cubby.dev/restore-job';

/** Name of the pod that works on the volume of a member: one name, so that there is one at a time. */
export function restorePodName(store: string, ordinal: number): string {
  return ordinal === 0 ? `${store}-redis-restore` : `${store}-redis-restore-${ordinal}`;
}

/** Digest of what the pod is to do; it does not change with the node, where the volume may have gone meanwhile. */
export function jobDigest({ job, image, encryption, redis, attempt }: RestorePodOptions): string {
  return digest({ job, image, encryption, redis: job.verb === 'fetch' ? redis.image : undefined, attempt });
}

/**
 * What was fetched is read by the very Redis that is to load it, before anything else is touched; one that cannot be
 * read is removed at once, because it takes room. redis-check-rdb is redis-server by another name.
 */
const CHECK = `dump=${BACKUP_PATHS.fetched}
check=$(command -v redis-check-rdb) || {
  check=${BACKUP_PATHS.data}/.restore/redis-check-rdb
  ln -sf "$(command -v redis-server)" "$check"
}
"$check" "$dump" && exit
rm -f "$dump"
exit 1`;

/**
 * The pod that does one job on the volume of a store, where the store's own pod may run. It ends with a BackupResult as
 * the termination message of its BACKUP_CONTAINER; a fetch is done when CHECK_CONTAINER has succeeded after it.
 */
export function restorePod(store: KVStore, options: RestorePodOptions): Manifest {
  const { job, ordinal, image, imagePullPolicy, pullSecrets, encryption, redis, scheduling, node } = options;
  const { name, namespace } = store.metadata;
  const { spec, ...pod } = backupPod({
    name: restorePodName(name, ordinal),
    namespace,
    store: name,
    image,
    pullSecrets,
    job,
    ...(job.verb === 'fetch' && { target: job.place.target, encryption }),
    dataClaim: memberNames(name, ordinal).volumeClaim,
    // A restore needs nothing of the store's Redis, so that its NetworkPolicy lets it in to nothing.
    labels: { 'app.kubernetes.io/name': 'redis-restore', 'app.kubernetes.io/component': 'restore' },
    annotations: { [JOB_ANNOTATION]: jobDigest(options) },
  });
  const pull = imagePullPolicy && { imagePullPolicy };
  const program = spec.containers.map((container) => ({ ...container, ...pull }));
  const check = {
    name: CHECK_CONTAINER,
    image: redis.image,
    ...pull,
    command: ['sh', '-c', CHECK],
    terminationMessagePolicy: 'FallbackToLogsOnError',
    resources: { requests: { cpu: '50m', memory: '32Mi' }, limits: redis.limits },
    securityContext: containerSecurity,
    volumeMounts: [{ name: 'data', mountPath: BACKUP_PATHS.data }],
  };
  const containers = job.verb === 'fetch' ? { initContainers: program, containers: [check] } : { containers: program };
  return { ...pod, spec: { ...spec, ...scheduling, ...(node !== undefined && { affinity: on(node) }), ...containers } };
}

/** A claim of one node (ReadWriteOnce) can be mounted a second time there only. */
function on(node: string): Record<string, unknown> {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  return {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } },
  };
}
