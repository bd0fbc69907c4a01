import type { KVStoreSpec } from '../../contract/kvstore.gen.ts';
import { REDIS_PORT } from '../../contract/names.ts';

/** Where the files of a Redis pod are. */
export const PATHS = { conf: '/etc/redis', confFile: 'redis.conf', aclFile: 'users.acl', data: '/data' } as const;

/** What of a store's redis.conf can be changed while Redis runs. */
export interface LiveSettings {
  /** Bytes. */
  maxmemory: number;
  evictionPolicy: KVStoreSpec['evictionPolicy'];
  mode: KVStoreSpec['persistence']['mode'];
  fsync: KVStoreSpec['persistence']['fsync'];
  /** Tenant directives, each as `CONFIG GET` would show it. */
  config: Readonly<Record<string, string>>;
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

/** Directives by name, as `CONFIG GET` shows and `CONFIG SET` takes them. */
export function liveDirectives(settings: LiveSettings): Record<string, string> {
  return {
    maxmemory: String(settings.maxmemory),
    'maxmemory-policy': settings.evictionPolicy,
    appendfsync: settings.fsync,
    ...persistenceDirectives(settings.mode),
    ...settings.config,
  };
}

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
  };
  return Object.entries({ ...fixed, ...liveDirectives(settings) })
    .map(([name, value]) => `${name} ${value === '' ? '""' : value}\n`)
    .join('');
}
