import type { KVBackupFields } from './kvbackup.gen.ts';
import type { KVBackupScheduleFields } from './kvbackupschedule.gen.ts';
import type { KVStoreFields } from './kvstore.gen.ts';
import type { KVTokenFields } from './kvtoken.gen.ts';

/** The API group and version of Cubby's kinds. */
export const API_VERSION = 'cubby.dev/v1alpha1';

/** Metadata that the API server guarantees on an object that it returns. Times are RFC 3339 in UTC. */
export interface StoredMeta {
  name: string;
  namespace: string;
  uid: string;
  resourceVersion: string;
  generation: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
}

/** A KVStore as the API server returns it: defaults filled in. */
export interface KVStore extends KVStoreFields {
  apiVersion: typeof API_VERSION;
  kind: 'KVStore';
  metadata: StoredMeta;
}

/** A KVToken as the API server returns it: defaults filled in. */
export interface KVToken extends KVTokenFields {
  apiVersion: typeof API_VERSION;
  kind: 'KVToken';
  metadata: StoredMeta;
}

/** A KVBackup as the API server returns it: defaults filled in. */
export interface KVBackup extends KVBackupFields {
  apiVersion: typeof API_VERSION;
  kind: 'KVBackup';
  metadata: StoredMeta;
}

/** A KVBackupSchedule as the API server returns it: defaults filled in. */
export interface KVBackupSchedule extends KVBackupScheduleFields {
  apiVersion: typeof API_VERSION;
  kind: 'KVBackupSchedule';
  metadata: StoredMeta;
}

/** One entry of status.conditions, as in meta/v1 Condition. */
export type Condition = NonNullable<NonNullable<KVStoreFields['status']>['conditions']>[number];
