import { CATALOGUE_VERSION_ANNOTATION, storeLabels, storeSelector } from '../../contract/labels.ts';
import { childNames, VOLUME_CLAIM_TEMPLATE } from '../../contract/names.ts';
import { canonicalJson } from './digest.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import { ACCEPTED_ANNOTATION, DATA_MODE_ANNOTATION, type StorePlan } from './plan.ts';
import { podTemplate } from './pod-template.ts';

/**
 * The StatefulSet that runs a store's Redis. It replaces no pod by itself (OnDelete): the operator does, when a restart
 * is due and the data is saved. `claimTemplates` are those of the StatefulSet that exists, because they cannot change;
 * a volume grows through its claim.
 */
export function statefulSet(plan: StorePlan, claimTemplates?: readonly unknown[]): Manifest {
  const { store, accepted, catalogueVersion } = plan;
  const names = childNames(store.metadata.name);
  const metadata = childMetadata(store, names.statefulSet);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      ...metadata,
      annotations: {
        [ACCEPTED_ANNOTATION]: canonicalJson(accepted),
        ...(catalogueVersion && { [CATALOGUE_VERSION_ANNOTATION]: catalogueVersion }),
      },
    },
    spec: {
      replicas: plan.replicas,
      serviceName: names.headlessService,
      selector: { matchLabels: storeSelector(store.metadata.name) },
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      revisionHistoryLimit: 3,
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain', whenDeleted: store.spec.deletionPolicy },
      template: podTemplate(plan),
      ...(plan.settings.mode !== 'none' && { volumeClaimTemplates: claimTemplates ?? [claimTemplate(plan)] }),
    },
  };
}

function claimTemplate({ store, settings }: StorePlan): Record<string, unknown> {
  const { size, storageClassName } = store.spec.persistence;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: VOLUME_CLAIM_TEMPLATE,
      labels: storeLabels(store.metadata.name),
      annotations: { [DATA_MODE_ANNOTATION]: settings.mode },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClassName && { storageClassName }),
      resources: { requests: { storage: size } },
    },
  };
}
