import { childNames } from '../../contract/names.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import type { StorePlan } from './plan.ts';

/** An identity without rights, so that the tenant's default ServiceAccount lends Redis none of its own. */
export function serviceAccount({ store }: StorePlan): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: childMetadata(store, childNames(store.metadata.name).serviceAccount),
    automountServiceAccountToken: false,
  };
}
