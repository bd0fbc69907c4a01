import { childNames } from '../../contract/names.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import type { StorePlan } from './plan.ts';
import { PATHS, redisConf } from './redis-conf.ts';

/** The store's redis.conf. */
export function configMap({ store, settings }: StorePlan): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: childMetadata(store, childNames(store.metadata.name).configMap),
    data: { [PATHS.confFile]: redisConf(settings) },
  };
}
