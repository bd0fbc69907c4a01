import { storeLabels } from '../../contract/labels.ts';
import { memberNames } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { Manifest } from './manifest.ts';

/**
 * The volume claim of a member of a new store as its StatefulSet would make it, made before it so that a backup is there
 * first.
 */
export function restoreClaim({ metadata, spec }: KVStore, ordinal: number): Manifest {
  const { size, storageClassName } = spec.persistence;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: memberNames(metadata.name, ordinal).volumeClaim,
      namespace: metadata.namespace,
      labels: storeLabels(metadata.name),
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClassName && { storageClassName }),
      resources: { requests: { storage: size } },
    },
  };
}
