import { backupSelector, MANAGED_BY, MANAGED_BY_LABEL } from '../../contract/labels.ts';
import { childNames } from '../../contract/names.ts';
import type { Manifest } from './manifest.ts';

/**
 * The password of the Redis user `backup`, whom the store's Redis takes while this Secret is there. There is one for a
 * store, so that it is also what lets one backup of a store run at a time.
 */
export function backupSecret(namespace: string, store: string, password: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: childNames(store).backupSecret,
      namespace,
      labels: { ...backupSelector(store), [MANAGED_BY_LABEL]: MANAGED_BY },
    },
    type: 'Opaque',
    data: { password: Buffer.from(password).toString('base64') },
  };
}
