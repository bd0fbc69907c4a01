import { storeSelector } from '../../contract/labels.ts';
import { childNames } from '../../contract/names.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import type { StorePlan } from './plan.ts';

/**
 * Keeps whoever drains nodes from taking a second pod of a store away while one is missing. A store of one pod has none,
 * because it would block every drain.
 */
export function podDisruptionBudget({ store }: StorePlan): Manifest {
  const { name } = store.metadata;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: childMetadata(store, childNames(name).statefulSet),
    spec: { maxUnavailable: 1, selector: { matchLabels: storeSelector(name) } },
  };
}
