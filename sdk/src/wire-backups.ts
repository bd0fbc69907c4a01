/** A backup of a store. What is not known yet is null. */
export interface Backup {
  name: string;
  /** `completed` is whole and stored; of the others, `message` says why. */
  state: 'pending' | 'running' | 'completed' | 'failed' | 'deleting';
  message: string | null;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  attempts: number;
  /** Null unless it runs. */
  progress_bytes: number | null;
  /** Bytes. */
  size: number | null;
  keys: number | null;
  expiring_keys: number | null;
  /** Of the data before encryption, in hex. */
  sha256: string | null;
  /** How many shards the store has whose data it is, each in a part of its own. Null of a store of one Redis. */
  shards: number | null;
  redis_version: string | null;
  encrypted: boolean | null;
  /** Such as `s3://bucket/prefix`. */
  place: string | null;
  /** Its path there, which restores it in another cluster. */
  object: string | null;
  /** Name of the schedule that made it. */
  schedule: string | null;
  /** Whether what is stored is deleted with the backup. */
  deletion_policy: 'Retain' | 'Delete';
}

/** Where backups go: exactly one of `s3` and `volume`. Secrets and claims are named; they are beside the store. */
export interface BackupPlace {
  s3?: {
    bucket: string;
    credentials_secret: string;
    endpoint?: string;
    region?: string;
    prefix?: string;
    force_path_style?: boolean;
    server_side_encryption?: 'AES256' | 'aws:kms';
    kms_key_id?: string;
    ca_secret?: string;
  };
  volume?: { claim_name: string; path?: string };
  encryption_secret?: string;
}

/** The backups of a project, newest first; `place` is where further ones go, null where the store does not say. */
export interface BackupList {
  backups: Backup[];
  place: BackupPlace | null;
}

/** What asking for a backup answers. */
export interface BackupCreated {
  success: true;
  message: string;
  backup: Backup;
}

/** A schedule of backups. */
export interface BackupSchedule {
  name: string;
  /** As cron has it. */
  schedule: string;
  time_zone: string;
  suspended: boolean;
  keep_count: number | null;
  /** Such as `720h` or `30d`. */
  keep_age: string | null;
  last_scheduled_at: string | null;
  last_successful_at: string | null;
  next_at: string | null;
  /** Name of the backup that is being made. */
  active: string | null;
  message: string | null;
}

/** What writing a schedule answers. */
export interface BackupScheduleWritten {
  success: true;
  message: string;
  schedule: BackupSchedule;
}
