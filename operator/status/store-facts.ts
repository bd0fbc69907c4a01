import type { KVStoreStatus } from '../../contract/kvstore.gen.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { Finding } from './finding.ts';
import type { PodReason } from './pod-trouble.ts';

/** Parts of spec that are not taken over; the store goes on with what it had. */
export type RefusalReason =
  | 'ProjectIdInvalid'
  | 'ProjectIdConflict'
  | 'ProjectIdReserved'
  | 'VersionUnknown'
  | 'DowngradeRefused'
  | 'ImageUnavailable'
  | 'Unschedulable'
  | 'ShrinkRefused'
  | 'ConfigNotAllowed'
  | 'ConfigInvalid'
  | 'ResizeRefused'
  | 'VolumeNotExpandable'
  | 'RolledBack'
  | 'PlanUnknown'
  | 'ShellRefused'
  | 'RotateMalformed'
  | 'FailoverRefused'
  | 'RestoreRefused'
  | 'RestoreFailed'
  | 'SpecRefused';

/** What is wrong apart from spec. */
export type TroubleReason =
  | PodReason
  | 'ResourceConflict'
  | 'ChildRefused'
  | 'RedisUnreachable'
  | 'PersistenceFailing'
  | 'KeysMissing'
  | 'ReplicaDown'
  | 'NoPrimary'
  | 'ReshardingFailed'
  | 'ShardLost'
  | 'LastBackupFailed'
  | 'SaveFailed';

/** What is on its way. */
export type StepReason =
  | 'Creating'
  | 'Starting'
  | 'Loading'
  | 'Checking'
  | 'Saving'
  | 'Restarting'
  | 'Resizing'
  | 'GrowingVolume'
  | 'SwitchingPersistence'
  | 'LoadingUsers'
  | 'Syncing'
  | 'FailingOver'
  | 'JoiningShards'
  | 'MovingSlots'
  | 'Hibernating'
  | 'BackingUp'
  | 'Restoring'
  | 'WaitingForDeletion';

/** What a project's clients may ask; what is absent is not limited. */
export type StoreLimits = NonNullable<KVStoreStatus['limits']>;

/** What the operator knows of the store's Redis. */
export type RedisState =
  | { state: 'absent' }
  /** Nothing listens: Redis starts, or just ended. */
  | { state: 'down' }
  | { state: 'unreachable'; why: string }
  | { state: 'loading' }
  | { state: 'answering'; version: string; readOnly: boolean };

/** What a reconcile found out, in the order of importance. */
export interface Findings {
  refusals: readonly Finding<RefusalReason>[];
  troubles: readonly Finding<TroubleReason>[];
  steps: readonly Finding<StepReason>[];
}

/** All that the conditions of a store are made from. */
export interface StoreFacts extends Findings {
  store: KVStore;
  /** The project that the store serves; absent while it may not serve one. */
  projectId: string | undefined;
  /** The limits in force; undefined where nothing is limited. */
  limits: StoreLimits | undefined;
  podReady: boolean;
  /** A pod exists, ending or not. */
  podExists: boolean;
  redis: RedisState;
}
