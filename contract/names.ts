/** Names of the objects that a KVStore is made of; all are in the store's namespace. */
export interface ChildNames {
  statefulSet: string;
  pod: string;
  service: string;
  headlessService: string;
  configMap: string;
  aclSecret: string;
  accessSecret: string;
  networkPolicy: string;
  serviceAccount: string;
  volumeClaim: string;
}

/** The name of the volume claim template, from which the claim's name is made. */
export const VOLUME_CLAIM_TEMPLATE = 'data';

/** The container that runs Redis in a store's pod. */
export const REDIS_CONTAINER = 'redis';
/** The container that tries an image in a preflight pod. */
export const PREFLIGHT_CONTAINER = 'preflight';

/** The TCP port on which a store's Redis listens. */
export const REDIS_PORT = 6379;

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
    networkPolicy: name,
    serviceAccount: name,
    volumeClaim: `${VOLUME_CLAIM_TEMPLATE}-${name}-0`,
  };
}

/** DNS name of a store's Service, which every pod of the cluster resolves whatever the cluster's domain. */
export function serviceHost(namespace: string, store: string): string {
  return `${childNames(store).service}.${namespace}.svc`;
}
