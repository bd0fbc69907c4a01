import { type RuleCase, targetRules, volume } from './crd-backup-rules.ts';

const store = { version: '8.0' };
const big = { ...store, persistence: { size: '2Gi' } };

export const storeRules: RuleCase[] = [
  {
    rule: 'metadata.name must have at most 40',
    accepts: store,
    refuses: store,
    names: { accepted: 'a'.repeat(40), refused: 'a'.repeat(41) },
  },
  {
    rule: 'metadata.name must start with a letter',
    accepts: store,
    refuses: store,
    names: { accepted: 'a-1', refused: '1a' },
  },
  { rule: 'set spec.version', accepts: { image: 'redis:8' }, refuses: { memory: '64Mi' } },
  {
    rule: 'projectId cannot change',
    from: { ...store, projectId: 'a' },
    accepts: { ...store, projectId: 'a', memory: '64Mi' },
    refuses: { ...store, projectId: 'b' },
  },
  {
    rule: 'limits.burst needs a rate',
    accepts: { ...store, plan: 'free', limits: { burst: 5 } },
    refuses: { ...store, limits: { burst: 5 } },
  },
  {
    rule: 'plan must have only a-z, 0-9',
    accepts: { ...store, plan: 'free-2' },
    refuses: { ...store, plan: 'Free' },
  },
  {
    rule: 'limits.tokensPerMonth must be a decimal number',
    accepts: { ...store, limits: { tokensPerMonth: '999999999.000000001' } },
    refuses: { ...store, limits: { tokensPerMonth: '0.000000000' } },
  },
  { rule: 'version must be a Redis version', accepts: { version: '8.0.2' }, refuses: { version: 'latest' } },
  {
    rule: 'image must be an image reference',
    accepts: { image: `registry.example:5000/a/redis:8.0@sha256:${'a'.repeat(64)}` },
    refuses: { image: 'Redis 8' },
  },
  {
    rule: 'memory must be a quantity of at least 16Mi',
    accepts: { ...store, memory: 16777216 },
    refuses: { ...store, memory: '16M' },
  },
  {
    rule: 'memory must be at most 16Ti',
    accepts: { ...store, memory: '16Ti' },
    refuses: { ...store, memory: '999999999Pi' },
  },
  {
    rule: 'spec.persistence.size cannot shrink',
    from: big,
    accepts: { ...store, persistence: { size: '3Gi' } },
    refuses: { ...store, persistence: { size: '1Gi' } },
  },
  {
    rule: 'persistence.storageClassName cannot change',
    from: store,
    accepts: { ...store, memory: '64Mi' },
    refuses: { ...store, persistence: { storageClassName: 'fast' } },
  },
  {
    rule: 'persistence.mode cannot change to or from none',
    from: store,
    accepts: { ...store, persistence: { mode: 'rdb' } },
    refuses: { ...store, persistence: { mode: 'none' } },
  },
  {
    rule: 'persistence.size must be a quantity of at least 64Mi',
    accepts: { ...store, persistence: { size: '64Mi' } },
    refuses: { ...store, persistence: { size: '1Mi' } },
  },
  {
    rule: 'resources.cpu.request must be a positive',
    accepts: { ...store, resources: { cpu: { request: '100m' } } },
    refuses: { ...store, resources: { cpu: { request: '0' } } },
  },
  {
    rule: 'resources.cpu.limit must be a positive',
    accepts: { ...store, resources: { cpu: { limit: '1' } } },
    refuses: { ...store, resources: { cpu: { limit: '-1' } } },
  },
  {
    rule: 'deletionPolicy Backup needs spec.backup',
    accepts: { ...store, deletionPolicy: 'Backup', backup: { target: volume } },
    refuses: { ...store, deletionPolicy: 'Backup' },
  },
  {
    rule: 'restoreFrom needs persistence.mode',
    accepts: { ...store, persistence: { mode: 'rdb' }, restoreFrom: { backupRef: { name: 'b' } } },
    refuses: { ...store, persistence: { mode: 'none' }, restoreFrom: { backupRef: { name: 'b' } } },
  },
  {
    rule: 'set exactly one of restoreFrom.backupRef and',
    accepts: { ...store, restoreFrom: { object: { target: volume, path: 'a/b-1' } } },
    refuses: { ...store, restoreFrom: { overwriteData: true } },
  },
  {
    rule: 'shards cannot be set or removed later',
    from: { ...store, shards: 2 },
    accepts: { ...store, shards: 3 },
    refuses: { ...store, shards: null },
  },
  {
    rule: 'shards cannot shrink',
    from: { ...store, shards: 3 },
    accepts: { ...store, shards: 64 },
    refuses: { ...store, shards: 2 },
  },
  {
    rule: 'a store has either shards or replicas',
    accepts: { ...store, shards: 2, replicas: 1 },
    refuses: { ...store, shards: 2, replicas: 3 },
  },
  {
    rule: 'shards needs persistence.mode aof',
    accepts: { ...store, shards: 2, persistence: { mode: 'aof' } },
    refuses: { ...store, shards: 2, persistence: { mode: 'rdb' } },
  },
  {
    rule: 'shards needs reads primary',
    accepts: { ...store, shards: 2, reads: 'primary' },
    refuses: { ...store, shards: 2, reads: 'cached' },
  },
  {
    rule: 'reads nearest needs replicas',
    accepts: { ...store, reads: 'nearest', replicas: 3 },
    refuses: { ...store, reads: 'nearest' },
  },
  {
    rule: 'replicas cannot shrink',
    from: { ...store, replicas: 3 },
    accepts: { ...store, replicas: 5 },
    refuses: { ...store, replicas: 1 },
  },
  ...targetRules((target) => ({ ...store, backup: { target } })),
];

const token = { type: 'Project', storeRef: { name: 'main' } };
const key = { type: 'ApiKey' };
const issued = { sha256: 'a'.repeat(64), lastFour: 'abcd' };

export const tokenRules: RuleCase[] = [
  {
    rule: 'metadata.name must have at most 63',
    accepts: token,
    refuses: token,
    names: { accepted: 'a'.repeat(63), refused: 'a'.repeat(64) },
  },
  {
    rule: 'type cannot change',
    from: token,
    accepts: { ...token, scopes: ['kv:read'] },
    refuses: { ...token, type: 'Deployment' },
  },
  {
    rule: 'a Project or Deployment token needs storeRef.name',
    accepts: key,
    refuses: { ...key, storeRef: { name: 'main' } },
  },
  {
    rule: 'storeRef cannot change',
    from: token,
    accepts: { ...token, scopes: ['kv:read'] },
    refuses: { ...token, storeRef: { name: 'other' } },
  },
  {
    rule: 'secretName cannot change',
    from: token,
    accepts: { ...token, scopes: ['kv:read'] },
    refuses: { ...token, secretName: 'other' },
  },
  {
    rule: 'role is for tokens of type ApiKey',
    accepts: { ...key, role: 'SystemRead' },
    refuses: { ...token, role: 'SystemRead' },
  },
  {
    rule: 'issued is for tokens of type Project and Deployment',
    accepts: { ...token, issued },
    refuses: { ...key, issued },
  },
  {
    rule: 'a token with issued has no Secret',
    accepts: { ...token, issued },
    refuses: { ...token, issued, secretName: 'web' },
  },
  {
    rule: 'a token with issued cannot be rotated',
    accepts: { ...token, issued },
    refuses: { ...token, issued, rotation: { every: '720h' } },
  },
  {
    rule: 'issued cannot change',
    from: { ...token, issued },
    accepts: { ...token, issued, scopes: ['kv:read'] },
    refuses: { ...token, issued: { ...issued, lastFour: 'wxyz' } },
  },
  {
    rule: 'rotation.every must be longer than rotation.overlap',
    accepts: { ...token, rotation: { every: '24h1s' } },
    refuses: { ...token, rotation: { every: '24h' } },
  },
  {
    rule: 'rotation.every must be at least 1m',
    accepts: { ...token, rotation: { every: '1m', overlap: '0s' } },
    refuses: { ...token, rotation: { every: '59s', overlap: '0s' } },
  },
  {
    rule: 'rotation.overlap must be at most 87600h',
    accepts: { ...token, rotation: { overlap: '87600h' } },
    refuses: { ...token, rotation: { overlap: '87600h1s' } },
  },
];
