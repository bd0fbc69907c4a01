import { storeSelector } from '../../contract/labels.ts';
import { childNames, REDIS_PORT } from '../../contract/names.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import type { StorePlan } from './plan.ts';

const ports = [{ name: 'redis', port: REDIS_PORT, protocol: 'TCP', targetPort: 'redis' }];

/** The address of the store. It leads to the pod before that is ready: the data plane deals with a Redis that still loads. */
export function service({ store }: StorePlan): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMetadata(store, childNames(store.metadata.name).service),
    spec: { type: 'ClusterIP', publishNotReadyAddresses: true, selector: storeSelector(store.metadata.name), ports },
  };
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
