import { childNames } from '../../contract/names.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import type { StorePlan } from './plan.ts';
import { PATHS } from './redis-conf.ts';

/** The store's users.acl: hashes only, so that reading it gives no access. */
export function aclSecret({ store, acl }: StorePlan): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: childMetadata(store, childNames(store.metadata.name).aclSecret),
    type: 'Opaque',
    data: { [PATHS.aclFile]: Buffer.from(acl.text).toString('base64') },
  };
}
