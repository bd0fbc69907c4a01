import { childNames } from '../../contract/names.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import { memberSecrets, sentinelAcl } from './member-files.ts';
import type { StorePlan } from './plan.ts';
import { PATHS } from './redis-conf.ts';

/**
 * The store's users.acl: hashes only, so that reading it gives no access. The members of a replicated store find here in
 * clear how they sign in to one another, beside the users whom it lets in: both change at once.
 */
export function aclSecret({ store, acl, replication }: StorePlan): Manifest {
  const files = {
    [PATHS.aclFile]: acl.text,
    ...(replication && { 'sentinel.acl': sentinelAcl(replication).text, ...memberSecrets(replication) }),
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: childMetadata(store, childNames(store.metadata.name).aclSecret),
    type: 'Opaque',
    data: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text).toString('base64')])),
  };
}
