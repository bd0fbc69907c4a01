/** Client of Cubby's REST API: keys and values of a managed Redis, for Node, browsers and edge runtimes. */
export type { BackupCalls, BackupScheduleWish, BackupWish } from './backups.ts';
export { CubbyError, type CubbyErrorCode } from './error.ts';
export {
  type Client,
  createClient,
  type IncrementOptions,
  type InfraKV,
  type ScanOptions,
  type SetEntryOptions,
} from './infra.ts';
export { type AsText, createKVClient, type KeyList, type KVClient, type SetOptions } from './kv.ts';
export {
  createManagementClient,
  type ManagementClient,
  type ProjectChoice,
  type ProjectsOptions,
  type RestoreWish,
  type StoreWish,
  type TokenWish,
} from './management.ts';
export type { CallOptions, ClientOptions, ConnectionOptions, DurableOptions, WriteOptions } from './options.ts';
export type * from './wire.ts';
export type * from './wire-backups.ts';
export type * from './wire-management.ts';
