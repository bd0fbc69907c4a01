import { storeSelector } from '../../contract/labels.ts';
import { childNames, REDIS_PORT } from '../../contract/names.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import type { StorePlan } from './plan.ts';

/**
 * Redis may be reached by Cubby's own pods, and by those of its namespace where they have access to it. It reaches
 * nobody: it needs no DNS either.
 */
export function networkPolicy({ store, systemNamespace, access }: StorePlan): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: childMetadata(store, childNames(store.metadata.name).networkPolicy),
    spec: {
      podSelector: { matchLabels: storeSelector(store.metadata.name) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': systemNamespace } },
              podSelector: { matchLabels: { 'app.kubernetes.io/name': 'cubby' } },
            },
            ...(access ? [{ podSelector: {} }] : []),
          ],
          ports: [{ port: REDIS_PORT, protocol: 'TCP' }],
        },
      ],
    },
  };
}
