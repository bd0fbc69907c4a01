import { childNames } from '../../contract/names.ts';
import { childMetadata, type Manifest } from './manifest.ts';
import { memberFiles } from './member-files.ts';
import type { StorePlan } from './plan.ts';
import { PATHS, redisConf } from './redis-conf.ts';

/** The store's redis.conf; where it has several pods also what those start by. */
export function configMap({ store, settings, replication, addresses }: StorePlan): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: childMetadata(store, childNames(store.metadata.name).configMap),
    data: {
      [PATHS.confFile]: redisConf(settings),
      ...(settings.sharded &&
        addresses && {
          [PATHS.membersFile]: addresses.map((address, ordinal) => `${ordinal} ${address}\n`).join(''),
        }),
      ...(replication && {
        [PATHS.memberConfFile]: redisConf({ ...settings, members: replication.addresses.length }),
        ...memberFiles(store.metadata.uid, replication),
      }),
    },
  };
}
