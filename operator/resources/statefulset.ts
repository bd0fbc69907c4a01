import { CATALOGUE_VERSION_ANNOTATION, storeLabels, storeSelector } from '../../contract/labels.ts';
import { childNames, VOLUME_CLAIM_TEMPLATE } from '../../contract/names.ts';
import { canonicalJson } from './digest.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import { ACCEPTED_ANNOTATION, DATA_MODE_ANNOTATION, type StorePlan } from './plan.ts';
import { podTemplate } from './pod-template.ts';

/**
 * The StatefulSet that runs a store's Redis. It replaces no pod by itself (OnDelete): the operator does, when a restart
 * is due and the data is saved. `existing` is the claim template of the StatefulSet that exists, because it cannot
 * change: a volume grows through its claim, and then the StatefulSet is made anew around the pod.
 */
export function statefulSet(plan: StorePlan, existing?: ClaimTemplate): Manifest {
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
      // Never with the StatefulSet, which anybody may delete and which comes back; see maintainClaim for deletionPolicy.
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain', whenDeleted: 'Retain' },
      template: podTemplate(plan),
      ...(plan.settings.mode !== 'none' && {
        volumeClaimTemplates: [existing ? keepTemplate(existing) : claimTemplate(plan)],
      }),
    },
  };
}

/** The parts of a claim template that were set, and not filled in by the API server. */
export interface ClaimTemplate {
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: { accessModes?: string[]; storageClassName?: string; resources?: { requests?: Record<string, string> } };
}

function claimTemplate({ store, settings, claimSize }: StorePlan): Record<string, unknown> {
  const { size, storageClassName } = store.spec.persistence;
  return keepTemplate({
    metadata: {
      labels: storeLabels(store.metadata.name),
      annotations: { [DATA_MODE_ANNOTATION]: settings.mode },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClassName && { storageClassName }),
      // A claim may have grown, or been there before the store.
      resources: { requests: { storage: claimSize ?? size } },
    },
  });
}

function keepTemplate({ metadata, spec }: ClaimTemplate): Record<string, unknown> {
  const { labels, annotations } = metadata;
  const { accessModes, storageClassName, resources } = spec;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: VOLUME_CLAIM_TEMPLATE, labels, annotations },
    spec: { accessModes, ...(storageClassName && { storageClassName }), resources },
  };
}
