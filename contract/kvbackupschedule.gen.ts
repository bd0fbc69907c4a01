// Generated from crds/ by `npm run generate`. Do not edit.

/**
 * Backs a store up again and again, and removes old backups.
 */
export interface KVBackupScheduleFields {
  spec: KVBackupScheduleSpec;
  status?: KVBackupScheduleStatus;
}
/**
 * What is backed up, when, where to, and for how long backups are kept.
 */
export interface KVBackupScheduleSpec {
  /**
   * The store, a KVStore of this namespace.
   */
  storeRef: {
    /**
     * Name of the KVStore.
     */
    name: string;
  };
  /**
   * When backups begin: minute, hour, day of month, month and day of week as cron has them, for example "0 3 * * *", or @hourly, @daily, @weekly or @monthly.
   */
  schedule: string;
  /**
   * The time zone of schedule, a name of the IANA database such as Europe/Berlin.
   */
  timeZone: string;
  /**
   * true makes no backups until it is false again.
   */
  suspend: boolean;
  /**
   * A backup that was missed, for example because the operator was away, is made up for within so many seconds, once.
   */
  startingDeadlineSeconds: number;
  /**
   * Which backups of the schedule are kept; the others are deleted with what they stored. What neither field asks to delete is kept, and so is the newest one in any case.
   */
  retention?: {
    /**
     * So many of the newest completed backups are kept.
     */
    count?: number;
    /**
     * Completed backups older than this are deleted, a duration in hours such as 720h, or in days such as 30d.
     */
    maxAge?: string;
  };
  /**
   * Where backups are kept: exactly one of s3 and volume. Absent means what spec.backup of the store says.
   */
  target?: {
    /**
     * A bucket of any service that speaks Amazon S3's protocol.
     */
    s3?: {
      /**
       * Address of the service, for example https://minio.storage.svc:9000; absent means Amazon's own of the region.
       */
      endpoint?: string;
      /**
       * Region of the bucket.
       */
      region: string;
      /**
       * Name of the bucket, which must exist.
       */
      bucket: string;
      /**
       * What the names of all objects begin with, as a folder.
       */
      prefix?: string;
      /**
       * Names the bucket in the path and not in the host name, as most services beside Amazon's need it; absent means so where endpoint is set.
       */
      forcePathStyle?: boolean;
      /**
       * The Secret of this namespace that holds the access key.
       */
      credentialsSecret: {
        /**
         * Name of the Secret.
         */
        name: string;
        /**
         * Key of the access key's id in it.
         */
        accessKeyIdKey: string;
        /**
         * Key of the secret access key in it.
         */
        secretAccessKeyKey: string;
      };
      /**
       * Encryption by the service, beside that of encryption.
       */
      serverSideEncryption?: 'AES256' | 'aws:kms';
      /**
       * The key of the service's key management, under serverSideEncryption aws:kms; absent means the bucket's.
       */
      kmsKeyId?: string;
      /**
       * The Secret of this namespace with the certificate authority of the endpoint; absent means the public ones.
       */
      caSecret?: {
        /**
         * Name of the Secret.
         */
        name: string;
        /**
         * Key of the PEM certificates in it.
         */
        key: string;
      };
    };
    /**
     * A volume claim of this namespace.
     */
    volume?: {
      /**
       * Name of the claim, which must exist and be none that a store keeps its data on.
       */
      claimName: string;
      /**
       * Folder on the volume under which backups are kept; absent means its root.
       */
      path?: string;
    };
  };
  /**
   * Encrypts backups with a key of this namespace, in the format of age (age-encryption.org/v1); absent means what spec.backup of the store says where target is absent too, and no encryption otherwise. Who loses the key loses the backups.
   */
  encryption?: {
    /**
     * The Secret of this namespace that holds the key.
     */
    secret: {
      /**
       * Name of the Secret.
       */
      name: string;
      /**
       * Key of the age identity (AGE-SECRET-KEY-1…) in it.
       */
      key: string;
    };
  };
}
/**
 * The schedule as the operator last saw it.
 */
export interface KVBackupScheduleStatus {
  /**
   * The metadata.generation that this status speaks of.
   */
  observedGeneration?: number;
  /**
   * The last time of the schedule for which a backup was made or left out.
   */
  lastScheduleTime?: string;
  /**
   * When the next backup begins; absent while the schedule is suspended.
   */
  nextScheduleTime?: string;
  /**
   * When a backup of the schedule was last complete.
   */
  lastSuccessfulTime?: string;
  /**
   * Name of the KVBackup that is being made.
   */
  active?: string;
  /**
   * What is true of the schedule now; docs/conditions.md lists each type and what to do.
   *
   * Items: One condition, as in meta/v1 Condition.
   */
  conditions?: {
    /**
     * Name of the condition.
     */
    type: string;
    /**
     * Whether it holds.
     */
    status: 'True' | 'False' | 'Unknown';
    /**
     * The cause, one word in CamelCase.
     */
    reason: string;
    /**
     * The cause in a sentence, with the remedy where one is needed.
     */
    message: string;
    /**
     * When status last changed.
     */
    lastTransitionTime: string;
    /**
     * The metadata.generation that the condition speaks of.
     */
    observedGeneration?: number;
  }[];
}
