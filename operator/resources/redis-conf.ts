import type { KVStoreSpec } from '../../contract/kvstore.gen.ts';
import { REDIS_PORT } from '../../contract/names.ts';

/** Where the files of a Redis pod are. */
export const PATHS = {
  conf: '/etc/redis',
  confFile: 'redis.conf',
  aclFile: 'users.acl',
  /** How a member of a replicated store signs in to its primary. */
  replicationFile: 'replication.conf',
  /** By ordinal, the address of each member. */
  membersFile: 'members',
  /** The redis.conf of a member: a Redis that runs since before the store was replicated goes on with the other. */
  memberConfFile: 'member.conf',
  data: '/data',
} as const;

/** What of a store's redis.conf can be changed while Redis runs. */
export interface LiveSettings {
  /** Bytes. */
  maxmemory: number;
  evictionPolicy: KVStoreSpec['evictionPolicy'];
  mode: KVStoreSpec['persistence']['mode'];
  fsync: KVStoreSpec['persistence']['fsync'];
  /** Tenant directives, each as `CONFIG GET` would show it. */
  config: Readonly<Record<string, string>>;
  /** How many members the replicated store has that the Redis is one of. */
  members?: number;
  /** The Redis is a shard. */
  sharded?: boolean;
}

/** Snapshots after an hour with one change, five minutes with 100, one minute with 10,000: Redis' own default. */
const SAVE_POINTS = '3600 1 300 100 60 10000';

/**
 * The directives behind a persistence mode. The append-only file alone makes a store durable under aof, so snapshots
 * beside it would only cost a second copy of the disk.
 */
export function persistenceDirectives(mode: LiveSettings['mode']): { appendonly: 'yes' | 'no'; save: string } {
  return { appendonly: mode === 'aof' ? 'yes' : 'no', save: mode === 'rdb' ? SAVE_POINTS : '' };
}

/** The replicas that a primary needs to be of a majority of the members: the others could choose another one without it. */
export function replicasToWrite(members: number): number {
  return Math.floor(members / 2);
}

/**
 * A primary that has not heard of so many replicas for MAX_LAG seconds takes no writes: it may have been replaced, and what
 * it took would be lost. A replica that comes back after a short absence gets what it missed from the backlog, in bytes.
 */
const MAX_LAG_SECONDS = 3;
const replication = (members: number) => ({
  'min-replicas-to-write': String(replicasToWrite(members)),
  'min-replicas-max-lag': String(MAX_LAG_SECONDS),
  'repl-diskless-sync-delay': '0',
  'repl-backlog-size': String(8 * 2 ** 20),
});

/** Directives by name, as `CONFIG GET` shows and `CONFIG SET` takes them. */
export function liveDirectives(settings: LiveSettings): Record<string, string> {
  return {
    maxmemory: String(settings.maxmemory),
    'maxmemory-policy': settings.evictionPolicy,
    appendfsync: settings.fsync,
    ...persistenceDirectives(settings.mode),
    ...(settings.members && replication(settings.members)),
    ...settings.config,
  };
}

/**
 * A shard that is down takes its own slots with it and no others. Nobody takes the place of a shard, so that it does not
 * matter when it counts as failed; but shards that are fewer than half of those that answer would refuse everything.
 * Clients know shards by the names of their Services, which outlive the pods.
 */
const NEVER_FAILED_MS = 10 * 365 * 24 * 3_600_000;
const sharding = {
  'cluster-enabled': 'yes',
  'cluster-config-file': 'nodes.conf',
  'cluster-node-timeout': String(NEVER_FAILED_MS),
  'cluster-require-full-coverage': 'no',
  'cluster-allow-reads-when-down': 'yes', // for the two seconds after it has started
  'cluster-preferred-endpoint-type': 'hostname',
};

/** The text of redis.conf. Its values must be plain words or numbers: nothing is quoted but the empty value. */
export function redisConf(settings: LiveSettings): string {
  const fixed = {
    bind: '* -::*',
    port: String(REDIS_PORT),
    'protected-mode': 'no', // users.acl protects: the default user is off
    'tcp-keepalive': '60',
    timeout: '0',
    dir: PATHS.data,
    aclfile: `${PATHS.conf}/${PATHS.aclFile}`,
    'aof-use-rdb-preamble': 'yes',
    'shutdown-timeout': '10',
    ...(settings.sharded && sharding),
    ...(settings.members && { include: `${PATHS.conf}/${PATHS.replicationFile}` }),
  };
  return Object.entries({ ...fixed, ...liveDirectives(settings) })
    .map(([name, value]) => `${name} ${value === '' ? '""' : value}\n`)
    .join('');
}
