/** What of Redis' INFO the operator reads. */
export interface RedisInfo {
  version: string;
  loading: boolean;
  /** For how long it has run. */
  uptimeSeconds: number;
  /** Bytes. */
  usedMemory: number;
  /** Keys of all databases, and those of them that expire. */
  keys: { all: number; expiring: number };
  /** Keys that it found in its files when it started, without those that had expired. */
  loaded: { keys: number; expired: number };
  aof: {
    enabled: boolean;
    /** A rewrite runs or is due, after which the log is complete. */
    rewriting: boolean;
    lastRewriteOk: boolean;
    lastWriteOk: boolean;
  };
  snapshot: {
    running: boolean;
    lastOk: boolean;
    /** Seconds since the last one that this process made; absent where it made none. */
    ageSeconds: number | undefined;
    /** Writes that no snapshot has. */
    changes: number;
  };
  replication: {
    role: 'primary' | 'replica';
    /** Address of a replica's primary, as it was told. */
    primaryHost: string | undefined;
    /** A replica is connected to its primary and has what that had when it connected. */
    linked: boolean;
    /** For how many seconds it has not been; absent where it never was. */
    downSeconds: number | undefined;
    /** A replica is copying all of its primary's data. */
    syncing: boolean;
    /** Bytes of the primary's stream of writes that it has sent or taken in. */
    offset: number;
    /** The stream that the offset is of. */
    history: string;
    /** 0 where a replica may not become the primary. */
    priority: number;
    /** How many replicas a primary has that follow it. */
    replicas: number;
    /** What all of them have told the primary that they took in. */
    confirmed: number;
    /** Clients that wait for replicas, or for something else, with a time limit. */
    waiting: number;
  };
}

/**
 * The sections of INFO that have them. Of the others `errorstats` has a line for each word that an error began with,
 * without an end in Redis 7.0: who has native access could make it longer than a session receives.
 */
export const INFO_SECTIONS = ['server', 'clients', 'memory', 'persistence', 'replication', 'keyspace'] as const;

/** Reads the text of INFO; fields that a version does not have count as harmless. */
export function parseInfo(text: string): RedisInfo {
  const fields = new Map(
    text.split('\r\n').flatMap((line) => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
    }),
  );
  const number = (name: string, otherwise = 0) => Number(fields.get(name) ?? otherwise);
  const is = (name: string) => fields.get(name) === '1';
  const ok = (name: string) => (fields.get(name) ?? 'ok') === 'ok';
  const downSeconds = number('master_link_down_since_seconds', -1);
  const online = [...text.matchAll(/^slave\d+:[^\r\n]*state=online,offset=(\d+)/gm)];
  const made = number('rdb_last_bgsave_time_sec', -1) >= 0;
  return {
    version: fields.get('redis_version') ?? '',
    loading: is('loading'),
    uptimeSeconds: number('uptime_in_seconds'),
    usedMemory: number('used_memory'),
    keys: countKeys(text),
    loaded: { keys: number('rdb_last_load_keys_loaded'), expired: number('rdb_last_load_keys_expired') },
    aof: {
      enabled: is('aof_enabled'),
      rewriting: is('aof_rewrite_in_progress') || is('aof_rewrite_scheduled'),
      lastRewriteOk: ok('aof_last_bgrewrite_status'),
      lastWriteOk: ok('aof_last_write_status'),
    },
    snapshot: {
      running: is('rdb_bgsave_in_progress'),
      lastOk: ok('rdb_last_bgsave_status'),
      // By Redis' own clock, so that clocks that disagree do not matter.
      ageSeconds: made ? number('server_time_usec') / 1e6 - number('rdb_last_save_time') : undefined,
      changes: number('rdb_changes_since_last_save'),
    },
    replication: {
      role: fields.get('role') === 'slave' ? 'replica' : 'primary',
      primaryHost: fields.get('master_host'),
      linked: fields.get('master_link_status') === 'up',
      downSeconds: downSeconds >= 0 ? downSeconds : undefined,
      syncing: is('master_sync_in_progress'),
      offset: number(fields.get('role') === 'slave' ? 'slave_repl_offset' : 'master_repl_offset'),
      history: fields.get('master_replid') ?? '',
      priority: number('slave_priority', 100),
      replicas: online.length,
      confirmed: Math.min(...online.map(([, offset]) => Number(offset))),
      waiting: number('clients_in_timeout_table'),
    },
  };
}

/** The lines of INFO keyspace, for example "db0:keys=3,expires=1,avg_ttl=0"; an empty database has none. */
function countKeys(text: string): RedisInfo['keys'] {
  const databases = [...text.matchAll(/^db\d+:keys=(\d+),expires=(\d+)/gm)];
  const sum = (group: number) => databases.reduce((total, match) => total + Number(match[group]), 0);
  return { all: sum(1), expiring: sum(2) };
}
