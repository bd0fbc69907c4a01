import { ROLE_LABEL, storeSelector } from '../../contract/labels.ts';
import { CLUSTER_BUS_PORT, childNames, memberNames, REDIS_PORT, SENTINEL_PORT } from '../../contract/names.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import type { StorePlan } from './plan.ts';

const ports = [{ name: 'redis', port: REDIS_PORT, protocol: 'TCP', targetPort: 'redis' }];
const and = (name: string, port: number) => [...ports, { name, port, protocol: 'TCP', targetPort: port }];
const memberPorts = and('sentinel', SENTINEL_PORT);
const shardPorts = and('bus', CLUSTER_BUS_PORT);

/**
 * The address of the store, which of several pods leads to the primary. It does so before that is ready: the data plane
 * deals with a Redis that still loads.
 */
export function service({ store, labelsPrimary }: StorePlan): Manifest {
  const selector = { ...storeSelector(store.metadata.name), ...(labelsPrimary && { [ROLE_LABEL]: 'primary' }) };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMetadata(store, childNames(store.metadata.name).service),
    spec: { type: 'ClusterIP', publishNotReadyAddresses: true, selector, ports },
  };
}

/**
 * The addresses by which several pods of a store know one another: they outlive the pods, and need no DNS. One that was
 * deleted by somebody comes back with the same.
 */
export function memberServices({ store, settings, addresses = [] }: StorePlan): Manifest[] {
  const { name } = store.metadata;
  return addresses.map((address, ordinal) => {
    const names = memberNames(name, ordinal);
    return {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: childMetadata(store, names.service),
      spec: {
        type: 'ClusterIP',
        ...(address !== undefined && { clusterIP: address }),
        publishNotReadyAddresses: true,
        selector: { ...storeSelector(name), 'statefulset.kubernetes.io/pod-name': names.pod },
        ports: settings.sharded ? shardPorts : memberPorts,
      },
    };
  });
}

/** The headless Service that a StatefulSet needs to name its pods. */
export function headlessService({ store }: StorePlan): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMetadata(store, childNames(store.metadata.name).headlessService),
    spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: storeSelector(store.metadata.name), ports },
  };
}
