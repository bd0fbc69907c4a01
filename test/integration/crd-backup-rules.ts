/** A spec as somebody might write it. */
export type Spec = Record<string, unknown>;

/** One CEL rule, told by the start of its message: what it accepts and what it refuses. An `update` goes from `from`. */
export interface RuleCase {
  rule: string;
  from?: Spec;
  accepts: Spec;
  refuses: Spec;
  names?: { accepted: string; refused: string };
}

const s3 = { bucket: 'backups', credentialsSecret: { name: 'key' } };
/** A volume as a target. */
export const volume = { volume: { claimName: 'backups' } };

/** The rules of a target, wherever it stands. */
export const targetRules = (specOf: (target: Spec) => Spec): RuleCase[] => [
  { rule: 'set exactly one of s3 and volume', accepts: specOf({ s3 }), refuses: specOf({ s3, ...volume }) },
  {
    rule: 'kmsKeyId needs serverSideEncryption',
    accepts: specOf({ s3: { ...s3, serverSideEncryption: 'aws:kms', kmsKeyId: 'k' } }),
    refuses: specOf({ s3: { ...s3, serverSideEncryption: 'AES256', kmsKeyId: 'k' } }),
  },
  {
    rule: 'endpoint must be http:// or https://',
    accepts: specOf({ s3: { ...s3, endpoint: 'https://s3.example:9000' } }),
    refuses: specOf({ s3: { ...s3, endpoint: 'https://user:pass@s3.example' } }),
  },
  {
    rule: 'prefix must be names separated by single slashes',
    accepts: specOf({ s3: { ...s3, prefix: 'a/b.c' } }),
    refuses: specOf({ s3: { ...s3, prefix: 'a/../b' } }),
  },
  {
    rule: 'path must be names separated by single slashes',
    accepts: specOf({ volume: { claimName: 'backups', path: 'a/b.c' } }),
    refuses: specOf({ volume: { claimName: 'backups', path: '/a' } }),
  },
  {
    rule: 'claimName is a claim that a store keeps its data on',
    accepts: specOf({ volume: { claimName: 'data-redis-backups' } }),
    refuses: specOf({ volume: { claimName: 'data-main-redis-0' } }),
  },
];

const backup = { storeRef: { name: 'main' } };

export const backupRules: RuleCase[] = [
  {
    rule: 'metadata.name must have at most 52',
    accepts: backup,
    refuses: backup,
    names: { accepted: 'a'.repeat(52), refused: 'a'.repeat(53) },
  },
  {
    rule: 'storeRef, target and encryption cannot change',
    from: { ...backup, target: volume },
    accepts: { ...backup, target: volume, deletionPolicy: 'Delete' },
    refuses: { ...backup, target: null },
  },
  ...targetRules((target) => ({ ...backup, target })),
];

const schedule = { ...backup, schedule: '0 3 * * *' };

export const scheduleRules: RuleCase[] = [
  {
    rule: 'metadata.name must have at most 39',
    accepts: schedule,
    refuses: schedule,
    names: { accepted: 'a'.repeat(39), refused: 'a'.repeat(40) },
  },
  {
    rule: 'schedule must have five fields',
    accepts: { ...schedule, schedule: '@daily' },
    refuses: { ...schedule, schedule: '0 3 * *' },
  },
  {
    rule: 'retention.maxAge must be whole hours',
    accepts: { ...schedule, retention: { maxAge: '30d' } },
    refuses: { ...schedule, retention: { maxAge: '30m' } },
  },
  ...targetRules((target) => ({ ...schedule, target })),
];
