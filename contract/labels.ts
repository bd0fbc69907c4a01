/** The recommended label that tells who manages an object; the operator's caches select on it. */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
/** The value of MANAGED_BY_LABEL on everything that the operator makes. */
export const MANAGED_BY = 'cubby';
/** Name of the KVStore that an object belongs to. */
export const STORE_LABEL = 'cubby.dev/store';
/** Name of the KVToken that a Secret belongs to. */
export const TOKEN_LABEL = 'cubby.dev/token';
/** Name of the KVBackup that a pod works for. */
export const BACKUP_LABEL = 'cubby.dev/backup';
/** On a KVBackup: UID of the KVStore whose deletion waits for it. */
export const FINAL_LABEL = 'cubby.dev/final-backup-of';
/** Name of the KVBackupSchedule that a KVBackup was made by. */
export const SCHEDULE_LABEL = 'cubby.dev/schedule';

/** On a pod of a replicated store: `primary` or `replica`, as the operator saw it last. */
export const ROLE_LABEL = 'cubby.dev/role';

/** On a pod: hash of what the store's spec says that only a restart can change. */
export const RESTART_HASH_ANNOTATION = 'cubby.dev/restart-hash';
/** On a StatefulSet: the spec.version for which its image was taken from the catalogue. */
export const CATALOGUE_VERSION_ANNOTATION = 'cubby.dev/catalogue-version';
/** On a KVStore: "true" stops reconciliation. */
export const PAUSED_ANNOTATION = 'cubby.dev/paused';

/** On a KVStore: "<SHA-256 of a password>:<RFC 3339 time>", with which the Redis user "shell" may sign in until then. */
export const SHELL_ANNOTATION = 'cubby.dev/shell';
/** On a KVToken: the RFC 3339 time at which somebody asked for a new token; another time asks again. */
export const ROTATE_ANNOTATION = 'cubby.dev/rotate';
/** On a KVStore: the RFC 3339 time at which somebody asked for a planned failover; another time asks again. */
export const FAILOVER_ANNOTATION = 'cubby.dev/failover';
/**
 * On a KVStore: "<pod>:<RFC 3339 time>", the member that may become the primary until then, where none is and nobody can
 * tell which has the newest data.
 */
export const PROMOTE_ANNOTATION = 'cubby.dev/promote';
/** On a KVStore: the beginnings of the ids of shards, separated by commas, whose keys are gone as somebody accepts. */
export const ACCEPT_LOSS_ANNOTATION = 'cubby.dev/accept-loss';

/** Labels by which the backup pods of the store called `store` are selected. */
export function backupSelector(store: string): Record<string, string> {
  return { 'app.kubernetes.io/name': 'redis-backup', 'app.kubernetes.io/component': 'backup', [STORE_LABEL]: store };
}

/** Labels by which the pods of the store called `store` are selected. */
export function storeSelector(store: string): Record<string, string> {
  return { 'app.kubernetes.io/name': 'redis', 'app.kubernetes.io/instance': store, [STORE_LABEL]: store };
}

/** Labels of every child of the store called `store`. */
export function storeLabels(store: string): Record<string, string> {
  return { ...storeSelector(store), [MANAGED_BY_LABEL]: MANAGED_BY };
}

/** Finalizer of a KVBackup that holds it until what it stored is removed. Whoever asks for that and deletes it at once sets it first. */
export const STORED_FINALIZER = 'cubby.dev/stored-backup';
