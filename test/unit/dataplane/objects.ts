import { randomBytes } from 'node:crypto';
import type { KVBackup, KVBackupSchedule, KVStore, KVToken } from '../../../contract/objects.ts';
import { formatToken, hashToken, TOKEN_RANDOM_BYTES, type TokenType } from '../../../contract/token.ts';

let uids = 0;

type StoreFields = Partial<KVStore['spec']> & {
  namespace?: string;
  name?: string;
  created?: string;
  deleted?: boolean;
  uid?: string;
  status?: KVStore['status'];
};

/** A KVStore that runs; `created` is a time of day in hh:mm. */
export function kvStore({
  namespace = 'a',
  name = 'main',
  created = '00:00',
  deleted,
  uid,
  status,
  ...spec
}: StoreFields): KVStore {
  return {
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVStore',
    metadata: {
      ...meta(namespace, name, uid),
      creationTimestamp: `2026-01-01T${created}:00Z`,
      ...(deleted ? { deletionTimestamp: '2026-01-02T00:00:00Z' } : {}),
    },
    spec: {
      memory: '64Mi',
      evictionPolicy: 'noeviction',
      enabled: true,
      deletionPolicy: 'Retain',
      reads: 'primary',
      replicas: 1,
      persistence: { mode: 'aof', fsync: 'everysec', size: '1Gi' },
      ...spec,
    },
    status: status ?? { endpoint: { host: `${name}-redis.${namespace}.svc`, port: 6379 }, credentialGeneration: 1 },
  };
}

type BackupFields = Partial<KVBackup['spec']> & {
  namespace?: string;
  name?: string;
  created?: string;
  labels?: Record<string, string>;
  status?: NonNullable<KVBackup['status']>;
};

/** A KVBackup that was asked for just now; `created` is a time of day in hh:mm. */
export function kvBackup({
  namespace = 'a',
  name = 'first',
  created = '00:00',
  labels,
  status,
  ...spec
}: BackupFields): KVBackup {
  return {
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVBackup',
    metadata: {
      ...meta(namespace, name),
      creationTimestamp: `2026-01-01T${created}:00Z`,
      ...(labels && { labels }),
    },
    spec: { storeRef: { name: 'main' }, deletionPolicy: 'Retain', ...spec },
    ...(status && { status }),
  };
}

type ScheduleFields = Partial<KVBackupSchedule['spec']> & {
  namespace?: string;
  name?: string;
  status?: NonNullable<KVBackupSchedule['status']>;
};

/** A KVBackupSchedule for each night. */
export function kvBackupSchedule({
  namespace = 'a',
  name = 'nightly',
  status,
  ...spec
}: ScheduleFields): KVBackupSchedule {
  return {
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVBackupSchedule',
    metadata: meta(namespace, name),
    spec: {
      storeRef: { name: 'main' },
      schedule: '0 3 * * *',
      timeZone: 'UTC',
      suspend: false,
      startingDeadlineSeconds: 3600,
      ...spec,
    },
    ...(status && { status }),
  };
}

type TokenFields = Partial<KVToken['spec']> & {
  namespace?: string;
  name?: string;
  deleted?: boolean;
  hashes?: string[];
};

/** A fresh token of that type, and the KVToken that stands for it. */
export function kvToken({ namespace = 'a', name = 'web', deleted, hashes, type = 'Project', ...spec }: TokenFields): {
  token: string;
  object: KVToken;
} {
  const token = formatToken(type as TokenType, randomBytes(TOKEN_RANDOM_BYTES));
  return {
    token,
    object: {
      apiVersion: 'cubby.dev/v1alpha1',
      kind: 'KVToken',
      metadata: {
        ...meta(namespace, name),
        ...(deleted ? { deletionTimestamp: '2026-01-02T00:00:00Z' } : {}),
      },
      spec: {
        type,
        scopes: ['kv:read', 'kv:write'],
        ...(type === 'ApiKey' ? {} : { storeRef: { name: 'main' } }),
        ...spec,
      },
      status: { hashes: hashes ?? [hashToken(token)] },
    },
  };
}

function meta(namespace: string, name: string, uid = `uid-${++uids}`) {
  return { namespace, name, uid, resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
}
