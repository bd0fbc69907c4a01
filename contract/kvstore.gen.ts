// Generated from crds/ by `npm run generate`. Do not edit.

/**
 * A managed Redis that serves the key-value requests of one project.
 */
export interface KVStoreFields {
  spec: KVStoreSpec;
  status?: KVStoreStatus;
}
/**
 * The store as it should be.
 */
export interface KVStoreSpec {
  /**
   * The project that the store serves, unique in the cluster and fixed at creation. Absent means "<namespace>.<name>". Where two stores claim one project the older keeps it and the newer reports ProjectIdConflict. "cubby-ledger" is Cubby's own.
   */
  projectId?: string;
  /**
   * The Redis version, a name in the version catalogue of the installation, for example "8.0". The image found for a version is kept for as long as the version stays the same and its pod is healthy.
   */
  version?: string;
  /**
   * A container image that is used in place of the catalogue's. It must have sh, flock and redis-server on its PATH and run as user 999, as the official image does.
   */
  image?: string;
  /**
   * Memory for data, which becomes Redis' maxmemory: a quantity with a unit, for example 256Mi, at least 16Mi and at most 16Ti. The container's limit is derived from it with headroom. Changes without a restart.
   */
  memory: string | number;
  /**
   * What Redis does when memory is full, its maxmemory-policy. Under noeviction writes answer store_full. Changes without a restart.
   */
  evictionPolicy:
    | 'noeviction'
    | 'allkeys-lru'
    | 'allkeys-lfu'
    | 'allkeys-random'
    | 'volatile-lru'
    | 'volatile-lfu'
    | 'volatile-random'
    | 'volatile-ttl';
  /**
   * false hibernates the store, which stops Redis and keeps its data; requests answer store_hibernated. true wakes it.
   */
  enabled: boolean;
  /**
   * What deleting this object does with the data. Retain keeps the volume claim, and a store created again under the same name finds its data; Delete removes the claim. Backup makes and verifies a last backup as spec.backup says, and removes the claim then; deletion waits for it.
   */
  deletionPolicy: 'Retain' | 'Delete' | 'Backup';
  /**
   * Where backups of this store go that do not say it themselves, and the last one under deletionPolicy Backup. By itself it makes none; see KVBackup and KVBackupSchedule.
   */
  backup?: {
    /**
     * Where backups are kept: exactly one of s3 and volume.
     */
    target: {
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
     * Encrypts backups with a key of this namespace, in the format of age (age-encryption.org/v1); absent keeps them as they are. Who loses the key loses the backups.
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
  };
  /**
   * The backup that the store begins with: exactly one of backupRef and object. It is restored once, and once more where restoreFrom was removed and is set again; status.restore tells how far. A store that has data already is restored only where overwriteData confirms it, and keeps what it has until the backup is fetched and found good. All members of a store are restored, and a backup of shards into as many shards.
   */
  restoreFrom?: {
    /**
     * A KVBackup of this namespace.
     */
    backupRef?: {
      /**
       * Name of the KVBackup.
       */
      name: string;
    };
    /**
     * A backup by its place, which may have been made in another namespace or cluster.
     */
    object?: {
      /**
       * Where backups are kept: exactly one of s3 and volume.
       */
      target: {
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
       * Its path in the bucket or on the volume, as status.location.object of the KVBackup had it.
       */
      path: string;
      /**
       * Encrypts backups with a key of this namespace, in the format of age (age-encryption.org/v1); absent keeps them as they are. Who loses the key loses the backups.
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
    };
    /**
     * true confirms that the data that the store has may be replaced by the backup's.
     */
    overwriteData: boolean;
  };
  /**
   * Redis pods of the store. With more than one there are a primary and replicas, and Sentinel makes a replica the primary where the primary is lost. It can grow while the store serves, and never shrinks.
   */
  replicas: 1 | 3 | 5;
  /**
   * Parts that the data is spread over, each a Redis of its own with spec.memory, together a Redis Cluster; absent means one Redis that has it all. It can grow while the store serves, and never shrinks. A shard that is down takes its own keys with it; the others serve theirs.
   */
  shards?: number;
  /**
   * Where reads are answered from. primary asks Redis each time. cached also serves values from the data plane's memory, from which Redis removes them when they are written; a request with Cache-Control no-store asks Redis all the same. nearest serves them from whichever Redis of the store answers soonest, which may lag behind the primary. Changes without a restart.
   */
  reads: 'primary' | 'cached' | 'nearest';
  /**
   * Ways to the store's Redis beside the data plane.
   */
  access?: {
    /**
     * true lets programs of this namespace that speak Redis sign in as the user native, with the address and password in the Secret that status.binding names. Such access is neither limited nor counted. Changes without a restart.
     */
    redis: boolean;
  };
  /**
   * Name of a plan of the installation, which sets limits; each field of spec.limits goes before the plan's. Where there is no plan of this name, the condition SpecAccepted lists those that there are. Changes without a restart.
   */
  plan?: string;
  /**
   * How much the project's clients may ask of the data plane, all its replicas together. What neither this nor spec.plan sets is not limited; status.limits shows what is in force. Changes without a restart.
   */
  limits?: {
    /**
     * Requests per second that are let through over time; the rest answer 429 with Retry-After.
     */
    requestsPerSecond?: number;
    /**
     * Requests that are let through at once after a pause; absent means those of one second.
     */
    burst?: number;
    /**
     * Tokens that operations may cost in a calendar month (UTC), a decimal number in quotes such as "0.5"; the rest answer 402. The installation sets what each operation costs: by default a token pays for 1250000 reads or 188679 writes.
     */
    tokensPerMonth?: string;
  };
  /**
   * How data is kept on disk.
   */
  persistence: {
    /**
     * aof appends every write to a log, rdb saves snapshots, none keeps data in memory only. aof and rdb change into each other without a restart.
     */
    mode: 'aof' | 'rdb' | 'none';
    /**
     * How often the log is flushed under aof. everysec can lose about the last second of writes in a power cut; always loses none and is many times slower.
     */
    fsync: 'everysec' | 'always';
    /**
     * Size of the volume claim, a quantity such as 1Gi. It can grow where the storage class allows it, and never shrinks.
     */
    size: string;
    /**
     * Storage class of the volume claim; absent means the cluster's default. Fixed at creation.
     */
    storageClassName?: string;
  };
  /**
   * Redis directives from an allow-list, by name; other names are refused with a condition that lists the allowed ones. Applied without a restart.
   */
  config?: {
    /**
     * The directive's value as redis.conf takes it.
     */
    [k: string]: string;
  };
  /**
   * Processor time of the Redis container. Memory is derived from spec.memory. Changes without a restart, but for a request or a limit that is removed.
   */
  resources?: {
    /**
     * Processor request and limit of the Redis container.
     */
    cpu?: {
      /**
       * Processor time that is reserved, a quantity such as 100m.
       */
      request?: string;
      /**
       * The most processor time that Redis may use; absent means no limit.
       */
      limit?: string;
    };
  };
  /**
   * Where the Redis pod may run. A change restarts Redis, with data saved first.
   */
  scheduling?: {
    /**
     * Node labels that a node must have to run the pod.
     */
    nodeSelector?: {
      /**
       * The label's value.
       */
      [k: string]: string;
    };
    /**
     * Node taints that the pod tolerates.
     *
     * Items: A taint that the pod tolerates.
     */
    tolerations?: {
      /**
       * The taint's key; absent with operator Exists matches every taint.
       */
      key?: string;
      /**
       * How the taint's value is compared.
       */
      operator?: 'Exists' | 'Equal';
      /**
       * The taint's value, with operator Equal.
       */
      value?: string;
      /**
       * The taint's effect; absent matches every effect.
       */
      effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
      /**
       * Seconds for which a NoExecute taint is tolerated; absent means for ever.
       */
      tolerationSeconds?: number;
    }[];
    /**
     * The pod's affinity, as in core/v1 PodSpec.
     */
    affinity?: {
      [k: string]: unknown;
    };
    /**
     * How pods spread over topology domains, as in core/v1 PodSpec.
     *
     * Items: One topologySpreadConstraint, as in core/v1 PodSpec.
     */
    topologySpreadConstraints?: {
      [k: string]: unknown;
    }[];
    /**
     * Name of the pod's PriorityClass.
     */
    priorityClassName?: string;
  };
}
/**
 * The store as the operator last saw it.
 */
export interface KVStoreStatus {
  /**
   * The metadata.generation that this status speaks of.
   */
  observedGeneration?: number;
  /**
   * The state in one word. Pending has not run yet, Progressing is on its way to what spec says, Ready serves as spec says, Degraded needs attention (its Redis may still serve), Hibernated is stopped on request.
   */
  phase?: 'Pending' | 'Progressing' | 'Ready' | 'Degraded' | 'Hibernated';
  /**
   * The project that the store serves; absent while another store holds it.
   */
  projectId?: string;
  /**
   * The version that the running Redis reports.
   */
  version?: string;
  /**
   * The container image that the store runs.
   */
  image?: string;
  /**
   * Counts rotations of the store's Redis credentials; part of what they are derived from.
   */
  credentialGeneration?: number;
  /**
   * What is known of the passwords of the store's Redis, and how far their rotation is.
   */
  credentials?: {
    /**
     * Name of the newest master key whose passwords the store accepts; the master key's Secret has the name of the one that is being rolled out.
     */
    masterKey?: string;
    /**
     * The value of the annotation cubby.dev/rotate for which the credentials were rotated last.
     */
    rotatedFor?: string;
    /**
     * The generation before, while its passwords are still accepted.
     */
    previousGeneration?: number;
    /**
     * When the passwords of the previous generation end at the earliest.
     */
    previousUntil?: string;
  };
  /**
   * Where Redis listens, inside the cluster.
   */
  endpoint?: {
    /**
     * DNS name of the store's Service.
     */
    host: string;
    /**
     * TCP port.
     */
    port: number;
  };
  /**
   * When somebody was first let into Redis past the API, by spec.access or by a shell; never removed. From then on the API does not take it for granted that values are JSON.
   */
  nativeAccessSince?: string;
  /**
   * The Secret with which programs that speak Redis sign in, as the Service Binding specification has it; absent while spec.access.redis is not true.
   */
  binding?: {
    /**
     * Name of the Secret, with the keys type, provider, host, port, username, password, database and uri.
     */
    name: string;
  };
  /**
   * Keys in the data of a hibernated store, as Redis counted them before it was stopped; absent otherwise.
   */
  keptKeys?: number;
  /**
   * The volume claim; absent where there is none.
   */
  volume?: {
    /**
     * What the claim asks for. spec.persistence.size may go back to it, where more was asked for than the storage class gives.
     */
    size: string;
  };
  /**
   * Memory as Redis reports it, or last did where the store is hibernated.
   */
  memory?: {
    /**
     * Redis' maxmemory in bytes.
     */
    limit?: number;
    /**
     * Redis' used_memory in bytes, updated when it has moved by a twentieth of the limit.
     */
    used?: number;
  };
  /**
   * What the store is made of now, by which the data plane goes; absent means Standalone.
   */
  topology?: {
    /**
     * Standalone is one Redis, Replicated a primary with replicas, Sharded a Redis Cluster.
     */
    mode: 'Standalone' | 'Replicated' | 'Sharded';
    /**
     * Redis pods, of ordinals 0 to one less.
     */
    members: number;
  };
  /**
   * The Redis pods of a store that has several, by ordinal.
   *
   * Items: One Redis pod.
   */
  members?: {
    /**
     * Name of the pod.
     */
    name: string;
    /**
     * What it is; absent while it does not answer.
     */
    role?: 'Primary' | 'Replica' | 'Shard';
    /**
     * Whether the pod is ready.
     */
    ready: boolean;
    /**
     * Name of the node that it runs on.
     */
    node?: string;
    /**
     * Of a replica, whether it is connected to the primary.
     */
    linked?: boolean;
    /**
     * Of a replica, how many bytes it is behind the primary, roughly.
     */
    lagBytes?: number;
    /**
     * Of a shard, how many of the 16384 hash slots it has.
     */
    slots?: number;
  }[];
  /**
   * The last failover that was asked for by the annotation cubby.dev/failover.
   */
  failover?: {
    /**
     * Value of the annotation for which it was done.
     */
    requestedFor?: string;
  };
  /**
   * How far the restore of spec.restoreFrom is, or the last one that was done.
   */
  restore?: {
    /**
     * Digest of the spec.restoreFrom that this speaks of.
     */
    from: string;
    /**
     * Fetching copies the backup beside the data, Swapping puts it in its place while Redis is stopped, Loading lets Redis read it, Completed serves it, Failed has left the data as it was.
     */
    phase: 'Fetching' | 'Swapping' | 'Loading' | 'Completed' | 'Failed';
    /**
     * Keys that Redis had when it had read the backup.
     */
    keys?: number;
    /**
     * Keys in the backup; those that expired meanwhile are not restored.
     */
    expectedKeys?: number;
    /**
     * SHA-256 of the data that was fetched, in hex, which is that of the backup.
     */
    sha256?: string;
    /**
     * Bytes of the data.
     */
    bytes?: number;
    /**
     * When it was completed or given up.
     */
    finishedAt?: string;
    /**
     * Why it failed, with the remedy.
     */
    message?: string;
  };
  /**
   * The limits in force, made of spec.plan and spec.limits; what is absent is not limited. The data plane goes by these.
   */
  limits?: {
    /**
     * Requests per second that are let through over time.
     */
    requestsPerSecond?: number;
    /**
     * Requests that are let through at once after a pause; absent means those of one second.
     */
    burst?: number;
    /**
     * Tokens that operations may cost in a calendar month (UTC), a decimal number.
     */
    tokensPerMonth?: string;
  };
  /**
   * What is true of the store now; docs/conditions.md lists each type and what to do.
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
