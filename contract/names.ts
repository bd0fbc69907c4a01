/** Names of the objects that a KVStore is made of; all are in the store's namespace. */
export interface ChildNames {
  statefulSet: string;
  pod: string;
  service: string;
  headlessService: string;
  configMap: string;
  aclSecret: string;
  accessSecret: string;
  /** There while a backup is made; two at a time cannot have it. */
  backupSecret: string;
  networkPolicy: string;
  serviceAccount: string;
  volumeClaim: string;
}

/** The name of the volume claim template, from which the claim's name is made. */
export const VOLUME_CLAIM_TEMPLATE = 'data';

/** The container that runs Redis in a store's pod. */
export const REDIS_CONTAINER = 'redis';
/** The container that runs Sentinel beside Redis in a pod of a replicated store. */
export const SENTINEL_CONTAINER = 'sentinel';
/** The container that tries an image in a preflight pod. */
export const PREFLIGHT_CONTAINER = 'preflight';
/** The container of a pod that makes, verifies, restores or removes a backup. */
export const BACKUP_CONTAINER = 'backup';

/** The TCP port on which a store's Redis listens. */
export const REDIS_PORT = 6379;
/** The TCP port on which the Sentinel of a store's pod listens. */
export const SENTINEL_PORT = 26379;
/** The name by which the Sentinels of a store know its primary. */
export const MASTER_NAME = 'store';
/** The TCP port on which the shards of a store speak to one another: REDIS_PORT and 10,000, as Redis Cluster has it. */
export const CLUSTER_BUS_PORT = 16379;

/** The names of the children of the KVStore called `store`. */
export function childNames(store: string): ChildNames {
  const name = `${store}-redis`;
  return {
    statefulSet: name,
    pod: `${name}-0`,
    service: name,
    headlessService: `${name}-headless`,
    configMap: name,
    aclSecret: `${name}-acl`,
    accessSecret: `${name}-access`,
    backupSecret: `${name}-backup`,
    networkPolicy: name,
    serviceAccount: name,
    volumeClaim: `${VOLUME_CLAIM_TEMPLATE}-${name}-0`,
  };
}

/** Names of what belongs to one Redis pod of a store. */
export interface MemberNames {
  pod: string;
  /** Leads to this pod alone; only stores that have several pods have such Services. */
  service: string;
  volumeClaim: string;
}

/** The names of the pod with that ordinal of the KVStore called `store`. */
export function memberNames(store: string, ordinal: number): MemberNames {
  const name = `${childNames(store).statefulSet}-${ordinal}`;
  return { pod: name, service: name, volumeClaim: `${VOLUME_CLAIM_TEMPLATE}-${name}` };
}

/** DNS name of the Service of one pod of a store. */
export function memberHost(namespace: string, store: string, ordinal: number): string {
  return `${memberNames(store, ordinal).service}.${namespace}.svc`;
}

/** DNS name of a store's Service, which every pod of the cluster resolves whatever the cluster's domain. */
export function serviceHost(namespace: string, store: string): string {
  return `${childNames(store).service}.${namespace}.svc`;
}
