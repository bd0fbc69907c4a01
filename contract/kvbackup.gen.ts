// Generated from crds/ by `npm run generate`. Do not edit.

/**
 * A backup of a store, made once. It outlives the store.
 */
export interface KVBackupFields {
  spec: KVBackupSpec;
  status?: KVBackupStatus;
}
/**
 * What is backed up, and where to.
 */
export interface KVBackupSpec {
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
  /**
   * What deleting this object does with what is stored. Retain leaves it; Delete removes it first.
   */
  deletionPolicy: 'Retain' | 'Delete';
}
/**
 * The backup as the operator last saw it.
 */
export interface KVBackupStatus {
  /**
   * The metadata.generation that this status speaks of.
   */
  observedGeneration?: number;
  /**
   * The state in one word. Pending has not begun, Running is on its way, Completed is whole and stored, Failed is given up.
   */
  phase?: 'Pending' | 'Running' | 'Completed' | 'Failed';
  /**
   * When the first attempt began.
   */
  startedAt?: string;
  /**
   * When the backup was stored whole.
   */
  completedAt?: string;
  /**
   * How often it was begun.
   */
  attempts?: number;
  /**
   * How far the attempt is that runs now.
   */
  progress?: {
    /**
     * Bytes of data that were sent, updated now and then.
     */
    bytes?: number;
  };
  /**
   * Where the backup is.
   */
  location?: {
    /**
     * Its path in the bucket or on the volume, without the ending; restoreFrom.object.path takes it.
     */
    object: string;
    /**
     * The target that was used, as spec.target or spec.backup.target of the store had it.
     */
    target: {
      [k: string]: unknown;
    };
    /**
     * The encryption that was used; absent where there was none.
     */
    encryption?: {
      [k: string]: unknown;
    };
  };
  /**
   * Bytes of the data, an RDB file of Redis.
   */
  size?: number;
  /**
   * SHA-256 of the data before encryption, in hex. Of a store of shards it is that of the SHA-256 of each shard's data, one after the other as text.
   */
  sha256?: string;
  /**
   * Keys in the data.
   */
  keys?: number;
  /**
   * Keys in the data that expire.
   */
  expiringKeys?: number;
  /**
   * Version of the Redis that made the data.
   */
  redisVersion?: string;
  /**
   * Version of the RDB format; an older Redis may not read it.
   */
  rdbVersion?: number;
  /**
   * Whether the data is encrypted.
   */
  encrypted?: boolean;
  /**
   * How many shards the store has whose data it is, each in a part of its own; absent of a store of one Redis. It is restored into a store of as many.
   */
  shards?: number;
  /**
   * The store that it is a backup of.
   */
  source?: {
    /**
     * The project that it served.
     */
    projectId?: string;
    /**
     * UID of the KVStore.
     */
    uid?: string;
  };
  /**
   * What is true of the backup now; docs/conditions.md lists each type and what to do.
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
