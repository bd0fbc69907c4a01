import { backupSelector, storeSelector } from '../../contract/labels.ts';
import { CLUSTER_BUS_PORT, childNames, REDIS_PORT, SENTINEL_PORT } from '../../contract/names.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import type { StorePlan } from './plan.ts';

/**
 * Redis may be reached by Cubby's own pods, by those of its namespace where they have access to it, and by a
 * backup's while it is made. It reaches nobody: it needs no DNS either. The pods of a store that has several reach one another.
 */
export function networkPolicy({ store, settings, systemNamespace, access, acl, addresses }: StorePlan): Manifest {
  const { name } = store.metadata;
  const cubby = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': systemNamespace } },
    podSelector: { matchLabels: { 'app.kubernetes.io/name': 'cubby' } },
  };
  const members = { podSelector: { matchLabels: storeSelector(name) } };
  const ports = [REDIS_PORT, settings.sharded ? CLUSTER_BUS_PORT : SENTINEL_PORT].map((port) => ({
    port,
    protocol: 'TCP',
  }));
  const isBackedUp = acl.guests.some((guest) => guest.name === 'backup');
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: childMetadata(store, childNames(name).networkPolicy),
    spec: {
      podSelector: { matchLabels: storeSelector(name) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [
            cubby,
            ...(access ? [{ podSelector: {} }] : []),
            ...(isBackedUp ? [{ podSelector: { matchLabels: backupSelector(name) } }] : []),
          ],
          ports: [{ port: REDIS_PORT, protocol: 'TCP' }],
        },
        ...(addresses ? [{ from: [cubby, members], ports }] : []),
      ],
      ...(addresses && { egress: [{ to: [members], ports }] }),
    },
  };
}
