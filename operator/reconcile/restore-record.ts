import type { SlotRange } from '../../contract/backup.ts';
import type { KVStoreStatus } from '../../contract/kvstore.gen.ts';
import type { KVStore } from '../../contract/objects.ts';
import { digest } from '../resources/digest.ts';
import type { VolumeClaim } from './kinds.ts';

/** On a volume claim: how far the restore is, as JSON. It is kept there and not in a status, because it is true of the data. */
export const RESTORE_ANNOTATION = 'cubby.dev/restore';

/** What a claim says of the data on its volume, as its annotations have it. */
interface DataBefore {
  /** The persistence mode whose files are the newest. */
  mode?: string;
  keysAtStop?: string;
}

/** The same as it is to be written: null removes. */
export type DataNoted = { [Noted in keyof Required<DataBefore>]: string | null };

/** How far the restore of a store is. It is noted on the claim of the first member. */
export interface RestoreRecord {
  /** Digest of the spec.restoreFrom that it is of. */
  from: string;
  /** As in status.restore, and Undoing, in which what was set aside comes back. */
  phase: NonNullable<KVStoreStatus['restore']>['phase'] | 'Undoing';
  /** The volume was made for the restore: it has no data before that is completed. */
  fresh?: true;
  /** Tries of the job of this phase that came to nothing. */
  attempts: number;
  /** When the next try may begin, RFC 3339; absent means now. */
  retryAt?: string;
  /** Why the last try came to nothing, or why it was given up. */
  message?: string;
  /** The generation of the KVStore for which it was given up. */
  generation?: number;
  /** What was fetched. */
  data?: { keys: number; expiring: number; sha256: string; bytes: number };
  /** What Redis found in it: keys that it has, and those that had expired. */
  loaded?: { keys: number; expired: number };
  /** How many members are restored, each onto a volume of its own; absent means one. */
  members?: number;
  /** The slots that each shard of a store that has data had when it began, and has until it is over. */
  slots?: readonly (readonly SlotRange[])[];
  /** What the claim said of the data that was set aside. */
  before?: DataBefore;
  /** What the claims of the other members said. */
  others?: readonly DataBefore[];
  /** What was fetched or set aside may still take room on the volume. */
  dirty?: true;
  finishedAt?: string;
  /** The generation of the KVStore in which what was completed was asked for no more: a later one may ask for it again. */
  lifted?: number;
}

/** What has begun to replace the data; it is brought to an end whatever spec says by then. */
const TOUCHING: ReadonlySet<RestoreRecord['phase']> = new Set(['Swapping', 'Loading', 'Undoing']);

/** Whether a restore has begun to replace the data. */
export function isTouching(record: RestoreRecord | undefined): boolean {
  return record !== undefined && TOUCHING.has(record.phase);
}

/** How many members a restore is of. */
export function memberCount({ members = 1 }: Pick<RestoreRecord, 'members'>): number {
  return members;
}

/** Reads what was noted; undefined where nothing was, or somebody wrote over it. */
export function readRecord(claim: VolumeClaim | undefined): RestoreRecord | undefined {
  try {
    const record = JSON.parse(claim?.metadata.annotations?.[RESTORE_ANNOTATION] ?? 'null') as RestoreRecord | null;
    const whole = typeof record?.from === 'string' && typeof record.phase === 'string';
    return whole ? { ...record, attempts: record.attempts ?? 0 } : undefined;
  } catch {
    return undefined;
  }
}

/** Names a spec.restoreFrom; the confirmation is no part of what is restored. */
export function restoreDigest({ spec }: Pick<KVStore, 'spec'>): string | undefined {
  if (!spec.restoreFrom) return undefined;
  const { backupRef, object } = spec.restoreFrom;
  return digest({ backupRef, object });
}

/**
 * Whether there is a restore to work on. It is not where the last one that was asked for is over, whatever the cache has
 * yet to show: what is over never begins again by itself, but for a store that has no data yet.
 */
export function isPending(record: RestoreRecord | undefined, wanted: string | undefined): boolean {
  if (record === undefined) return wanted !== undefined;
  if (isTouching(record) || record.phase === 'Fetching' || record.dirty) return true;
  if (wanted === undefined) return record.lifted === undefined;
  return (record.phase === 'Failed' && record.fresh) || wanted !== record.from || record.lifted !== undefined;
}

/** Whether spec asks for what was completed once more: it had ceased to in a generation before this one. */
export function isAskedAgain({ lifted }: RestoreRecord, { metadata }: KVStore): boolean {
  return lifted !== undefined && metadata.generation > lifted;
}

/** status.restore: of the volume, or of the last one where nothing is noted there. */
export function restoreStatus(record: RestoreRecord | undefined, { status }: KVStore): KVStoreStatus['restore'] {
  if (!record) return status?.restore;
  const { from, phase, data, loaded, finishedAt, message } = record;
  return {
    from,
    phase: phase === 'Undoing' ? 'Swapping' : phase,
    ...(loaded && { keys: loaded.keys }),
    ...(data && { expectedKeys: data.keys, sha256: data.sha256, bytes: data.bytes }),
    ...(finishedAt !== undefined && { finishedAt }),
    ...(message !== undefined && { message }),
  };
}
