import { MANAGED_BY, MANAGED_BY_LABEL } from '../../contract/labels.ts';
import { API_VERSION } from '../../contract/objects.ts';
import { LEDGER } from '../../contract/projects.ts';
import type { Manifest } from './manifest.ts';

/** What the installation says of the ledger. */
export interface LedgerSettings {
  /** A Redis version of the catalogue. */
  version: string;
  /** Quantities: memory for data, and the size of its volume. */
  memory: string;
  size: string;
  storageClassName?: string;
}

/**
 * The ledger: a KVStore like any other, but that nothing in it may be evicted, and that what it has acknowledged outlives
 * any end of its Redis: under `everysec`, a power cut takes about a second of charges with it. What is not set here
 * (scheduling, resources, spec.enabled) is left to whoever runs the installation.
 */
export function ledgerStore(settings: LedgerSettings, systemNamespace: string): Manifest {
  const { version, memory, size, storageClassName } = settings;
  return {
    apiVersion: API_VERSION,
    kind: 'KVStore',
    metadata: {
      namespace: systemNamespace,
      name: LEDGER.name,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY, 'app.kubernetes.io/part-of': 'cubby' },
    },
    spec: {
      projectId: LEDGER.projectId,
      version,
      memory,
      evictionPolicy: 'noeviction',
      deletionPolicy: 'Retain',
      persistence: { mode: 'aof', fsync: 'always', size, ...(storageClassName !== undefined && { storageClassName }) },
    },
  };
}
