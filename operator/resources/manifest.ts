import { storeLabels } from '../../contract/labels.ts';
import type { KVStore } from '../../contract/objects.ts';

/** An object as it is applied. The owner reference is not here: applying adds it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

/** Metadata of a store's child called `name`. */
export function childMetadata(store: KVStore, name: string): Manifest['metadata'] {
  return { name, namespace: store.metadata.namespace, labels: storeLabels(store.metadata.name) };
}
