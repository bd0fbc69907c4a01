import type { ApiObject } from './object.ts';

/** What a kind is called in URLs and bodies; `group` is empty for the core group. */
export interface Resource {
  group: string;
  version: string;
  kind: string;
  plural: string;
  namespaced: boolean;
}

/** Describes a kind by its `apiVersion` (`v1`, `apps/v1`), kind and lower-case plural. */
export function resource(apiVersion: string, kind: string, plural: string, namespaced = true): Resource {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  return { group, version: apiVersion.slice(slash + 1), kind, plural, namespaced };
}

// The built-in kinds that controllers meet, named as in the API reference.
export const configMaps = resource('v1', 'ConfigMap', 'configmaps');
export const events = resource('v1', 'Event', 'events');
export const namespaces = resource('v1', 'Namespace', 'namespaces', false);
export const nodes = resource('v1', 'Node', 'nodes', false);
export const persistentVolumeClaims = resource('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims');
export const pods = resource('v1', 'Pod', 'pods');
export const secrets = resource('v1', 'Secret', 'secrets');
export const serviceAccounts = resource('v1', 'ServiceAccount', 'serviceaccounts');
export const services = resource('v1', 'Service', 'services');
export const deployments = resource('apps/v1', 'Deployment', 'deployments');
export const statefulSets = resource('apps/v1', 'StatefulSet', 'statefulsets');
export const leases = resource('coordination.k8s.io/v1', 'Lease', 'leases');
export const networkPolicies = resource('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies');
export const podDisruptionBudgets = resource('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets');
export const storageClasses = resource('storage.k8s.io/v1', 'StorageClass', 'storageclasses', false);

/** The built-in kinds above: what {@link resourceOf} knows without being told. */
export const builtIn: readonly Resource[] = [
  configMaps,
  events,
  namespaces,
  nodes,
  persistentVolumeClaims,
  pods,
  secrets,
  serviceAccounts,
  services,
  deployments,
  statefulSets,
  leases,
  networkPolicies,
  podDisruptionBudgets,
  storageClasses,
];

/** A resource's `apiVersion` as objects carry it. */
export function apiVersionOf({ group, version }: Resource): string {
  return group ? `${group}/${version}` : version;
}

/** The resource that an object belongs to; throws for a kind that is neither built in nor among `known`. */
export function resourceOf(object: ApiObject, known: readonly Resource[] = []): Resource {
  const is = (candidate: Resource) => candidate.kind === object.kind && apiVersionOf(candidate) === object.apiVersion;
  const found = known.find(is) ?? builtIn.find(is);
  if (!found) throw new Error(`unknown kind ${object.apiVersion} ${object.kind}: pass its Resource`);
  return found;
}
