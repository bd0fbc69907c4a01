import { childNames } from '../../contract/names.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import { memberFiles } from './member-files.ts';
import type { StorePlan } from './plan.ts';
import { PATHS, redisConf } from './redis-conf.ts';

/** The store's redis.conf; where it is replicated also what its members start by. */
export function configMap({ store, settings, replication }: StorePlan): Manifest {
  const { replicated, ...alone } = settings;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: childMetadata(store, childNames(store.metadata.name).configMap),
    data: {
      [PATHS.confFile]: redisConf(alone),
      ...(replication && {
        [PATHS.memberConfFile]: redisConf({ ...alone, replicated: true }),
        ...memberFiles(store.metadata.uid, replication),
      }),
    },
  };
}
