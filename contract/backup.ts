import type { KVBackupSpec } from './kvbackup.gen.ts';

/** Where backups are kept, as the kinds have it. */
export type BackupTarget = NonNullable<KVBackupSpec['target']>;
/** How backups are encrypted, as the kinds have it. */
export type BackupEncryption = NonNullable<KVBackupSpec['encryption']>;

/** The TCP port on which a backup pod tells how far it is: `GET /progress` answers a `BackupProgress`. */
export const PROGRESS_PORT = 8099;
/** Where a backup pod finds what it needs; a folder holds one file for each key of its Secret. */
export const BACKUP_PATHS = {
  /** The password of the Redis user `backup`. */
  redisPassword: '/etc/cubby/redis/password',
  /** Files `accessKeyId` and `secretAccessKey`. */
  s3: '/etc/cubby/s3',
  /** PEM certificates of the S3 service's authority. */
  s3Ca: '/etc/cubby/s3-ca/ca.crt',
  /** The age identity. */
  identity: '/etc/cubby/age/identity',
  /** The volume of a target of kind volume. */
  volume: '/backup',
  /** The volume of the store. */
  data: '/data',
  /** What `fetch` wrote there, once it is whole. */
  fetched: '/data/.restore/dump.rdb',
} as const;

/**
 * Path of the backup called `backup` from the root of the bucket or volume, without an ending: below the target's prefix
 * or path, and different from that of any other backup, one of the same name after this one was deleted included.
 */
export function backupObject(
  target: BackupTarget,
  { namespace, store, backup, uid }: { namespace: string; store: string; backup: string; uid: string },
): string {
  const folder = (target.s3?.prefix ?? target.volume?.path ?? '').split('/').filter((name) => name !== '');
  return [...folder, namespace, store, `${backup}-${uid.slice(0, 8)}`].join('/');
}

/**
 * Where a stored backup is; `object` is its path from the root of the bucket or volume, prefix included, without the
 * ending. `encrypted` says whether an identity is mounted; whether a stored backup needs one says its manifest.
 */
export interface BackupPlace {
  target: BackupTarget;
  object: string;
  encrypted: boolean;
}

/** What is known of the store that a backup is of, kept beside the data. */
export interface BackupSource {
  namespace: string;
  store: string;
  uid: string;
  projectId: string;
}

/** A Redis that answers there. */
export interface RedisAddress {
  host: string;
  port: number;
}

/** Hash slots from the first to the last, both included. */
export type SlotRange = readonly [first: number, last: number];

/** A shard of a store, and the slots whose keys it has. */
export interface BackupShard extends RedisAddress {
  slots: readonly SlotRange[];
}

/** What a backup pod is to do; it holds no secret, those are files at BACKUP_PATHS. */
export type BackupJob =
  /** Streams the data of a running Redis to its place, or that of each shard of a store in their order, into a part of its own. */
  | { verb: 'backup'; place: BackupPlace; redis: RedisAddress | readonly BackupShard[]; source: BackupSource }
  /** Reads what is stored and compares it with its manifest. */
  | { verb: 'verify'; place: BackupPlace }
  /**
   * Writes the data beside that of the store, to BACKUP_PATHS.fetched, and verifies it on the way. Data of a newer version
   * of the RDB format than `rdbVersion` is refused. `part` names that of a shard, by its ordinal, of so many; a backup of
   * another number of parts, or of none, is refused, and where `slots` are given one in which that shard had others.
   */
  | { verb: 'fetch'; place: BackupPlace; rdbVersion?: number; part?: BackupPart }
  /**
   * Puts what was fetched in the place of the store's data, which it sets aside. Its Redis is stopped, and begins again with
   * files of the persistence mode `as`, which is rdb where nothing is said.
   */
  | { verb: 'swap'; as?: 'rdb' | 'aof' }
  /** Puts back what `swap` set aside. What is new forgets the slots that it took as a shard. */
  | { verb: 'undo'; isNew?: true }
  /** Removes what `swap` set aside, and what was fetched. */
  | { verb: 'clean' }
  /** Removes a stored backup, of so many parts where it has any. */
  | { verb: 'delete'; place: BackupPlace; parts?: number };

/** The part of a backup that a shard takes. */
export interface BackupPart {
  member: number;
  of: number;
  slots?: readonly SlotRange[];
}

/** Why a backup pod ended without having done what it was to do. */
export type BackupFailure =
  /** The Redis could not be reached, refused, or ended in the middle. */
  | 'SourceUnavailable'
  /** The place could not be reached or answered with a fault of its own. */
  | 'TargetUnavailable'
  /** The place refused: credentials, a bucket or folder that is not there. */
  | 'TargetRefused'
  /** There is no room on a volume. */
  | 'NoSpace'
  /** There is no such backup, or it was never completed. */
  | 'NotFound'
  /** What is stored is not what was written: truncated or changed. */
  | 'Corrupt'
  /** It is encrypted with another key, or there is no key, or the key is none. */
  | 'WrongKey'
  /** Its format is newer than this program or that Redis. */
  | 'TooNew'
  /** It has not the parts that the store has shards, or its shards had other slots. */
  | 'ShardsDiffer'
  /** A Redis still holds the lock on the store's data. */
  | 'Busy'
  /** The pod was told to end. */
  | 'Stopped'
  /** What was asked for makes no sense, or a fault of the program. */
  | 'Failed';

/** What is known of the data of a backup, or of a part of it. */
export interface BackupData {
  /** Bytes of the RDB, and of what is stored; of all parts together. */
  size: number;
  storedSize: number;
  /** SHA-256 in hex of the RDB; of the SHA-256 of all parts in their order, as text, where there are any. */
  sha256: string;
  keys: number;
  expiringKeys: number;
  /** The newest that any part was made by. */
  redisVersion: string;
  rdbVersion: number;
  /** How many parts there are: one for each shard of a store of shards. */
  parts?: number;
}

/** What a backup pod leaves as its termination message, as JSON. */
export type BackupResult =
  | { ok: true; data?: BackupData; seconds: number }
  | { ok: false; reason: BackupFailure; message: string };

/** How far a backup pod is. */
export interface BackupProgress {
  bytes: number;
}

/** Exit codes of a backup pod: done, failed for good, and failed in a way that another try may mend. */
export const BACKUP_EXIT = { done: 0, failed: 1, again: 75 } as const;
