import { aclPasswordHash, type ServiceUser } from './credentials.ts';

/**
 * The commands that the data plane runs in a tenant's Redis, and in the ledger, which is a store like any other; nothing
 * that scripts, flushes, configures or lists all keys.
 */
export const DATAPLANE_COMMANDS: readonly string[] = [
  'hello',
  'ping',
  'client|tracking',
  'get',
  'mget',
  'set',
  'unlink',
  'incrby',
  'incrbyfloat',
  'expire',
  'ttl',
  'pexpiretime',
  'pttl',
  'scan',
  'dbsize',
  'multi',
  'exec',
  'watch',
  'unwatch',
  'time',
];

/** What the data plane runs besides in a shard: it follows slots as they move, and asks who has them. */
const DATAPLANE_SHARD_COMMANDS = ['asking', 'cluster|slots', 'cluster|nodes'];

/**
 * The commands of the user `cluster`, who is in shards only: as him the operator joins shards and moves slots, and one
 * shard takes over keys from another. Nothing of it shows a value.
 */
const CLUSTER_COMMANDS = [
  'ping',
  'cluster|nodes',
  'cluster|meet',
  'cluster|forget',
  'cluster|addslotsrange',
  'cluster|setslot',
  'cluster|getkeysinslot',
  'cluster|countkeysinslot',
  'migrate',
  // What MIGRATE sends to the shard that takes the keys over.
  'select',
  'restore-asking',
];

/** What the data plane runs besides in a member of a replicated store: it asks which one it is, and waits for replicas. */
const DATAPLANE_MEMBER_COMMANDS = ['role', 'info|replication', 'wait'];

/** What the operator runs besides in a member of a replicated store, to make another the primary. */
const OPERATOR_MEMBER_COMMANDS = ['role', 'replicaof', 'client|pause', 'client|unpause'];

/** What the operator runs besides in a shard: it looks whom it knows, which slots it has, and whether it serves them. */
const OPERATOR_SHARD_COMMANDS = ['cluster|nodes', 'cluster|info'];

/** The commands by which a replica follows its primary. */
const REPLICA_COMMANDS = ['psync', 'replconf', 'ping'];

/**
 * The commands that a Sentinel runs in the Redis that it watches
 * (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/, "Redis Access Control List authentication"),
 * and what a member does by itself: CONFIG SET says whether it may become the primary, CLIENT PAUSE goes before a
 * failover that it asks for when it is stopped.
 */
const SENTINEL_COMMANDS = [
  ...['multi', 'slaveof', 'ping', 'exec', 'subscribe', 'config|rewrite', 'role', 'publish', 'info'],
  ...['client|setname', 'client|kill', 'script|kill', 'config|set', 'client|pause', 'client|unpause'],
];

/** The commands that the operator may run: it looks, configures, saves and loads ACLs, and never reads a value. */
export const OPERATOR_COMMANDS: readonly string[] = [
  'ping',
  'hello',
  'client|setname',
  'info',
  'dbsize',
  'config|get',
  'config|set',
  'bgsave',
  'save',
  'lastsave',
  'bgrewriteaof',
  'acl|load',
  'acl|list',
  'acl|whoami',
  'acl|setuser',
  'acl|deluser',
  'shutdown',
  'wait',
];

/**
 * Users that are there only while they are asked for: `native` for a tenant's programs, `shell` for a person, `backup` for
 * the pod that makes a backup.
 */
export const GUEST_USERS = ['native', 'shell', 'backup'] as const;
export type GuestUser = (typeof GUEST_USERS)[number];

/**
 * What guests may do: all that works on data, but nothing that administers Redis or could take it from Cubby. Redis' own
 * categories say what that is, so that commands of later versions are covered; what follows them is harmless in an
 * instance of one tenant, or, SCRIPT DEBUG, is not. RESTORE is left out because it trusts the bytes that it is given.
 */
const GUEST_RULES = [
  '~*',
  '&*',
  '+@all',
  '-@admin',
  '-@dangerous',
  '+client|list',
  '+config|get',
  '+flushall',
  '+flushdb',
  '+info',
  '+keys',
  '+role',
  '+slowlog|get',
  '+slowlog|len',
  '+sort',
  '+sort_ro',
  '-script|debug',
];

/** A backup is made by a replica for a moment: of the keys it sees what replication sends. */
const BACKUP_RULES = ['resetkeys', 'resetchannels', '-@all', '+ping', '+replconf', '+psync'];

/** The rules of a guest with the passwords of those SHA-256, as ACL SETUSER and users.acl take them. */
export function guestRules(guest: GuestUser, passwordHashes: readonly string[]): string[] {
  const rules = guest === 'backup' ? BACKUP_RULES : GUEST_RULES;
  return ['on', ...passwordHashes.map((hash) => `#${hash}`), ...rules];
}

/**
 * The passwords of Cubby's own users; a user has several while they are being replaced. Where `cluster` has one, the
 * users are those of a shard; where `replica` and `sentinel` have, those of a member of a replicated store.
 */
export type ServicePasswords = Readonly<Record<ServiceUser, string | readonly string[]>> & {
  readonly [user in 'cluster' | 'replica' | 'sentinel']?: string | readonly string[];
};

/** A user of Redis and his rules. */
export type AclUser = readonly [name: string, rules: readonly string[]];

/**
 * The users of every store, with hashes of passwords only. The user `probe` has no password, because a password for the
 * kubelet's probe would have to be readable in the tenant's namespace; it may only PING.
 */
export function serviceUsers(passwords: ServicePasswords): AclUser[] {
  const hashes = (user: keyof ServicePasswords) =>
    [passwords[user] ?? []].flat().map((password) => `#${aclPasswordHash(password)}`);
  const commands = (names: readonly string[]) => ['-@all', ...names.map((name) => `+${name}`)];
  const isShard = passwords.cluster !== undefined;
  const isMember = passwords.replica !== undefined;
  const ofDataplane = [
    ...DATAPLANE_COMMANDS,
    ...(isShard ? DATAPLANE_SHARD_COMMANDS : isMember ? DATAPLANE_MEMBER_COMMANDS : []),
  ];
  const ofOperator = [
    ...OPERATOR_COMMANDS,
    ...(isShard ? OPERATOR_SHARD_COMMANDS : isMember ? OPERATOR_MEMBER_COMMANDS : []),
  ];
  return [
    // Nobody can be this user, but Redis reads the append-only file as it: a transaction whose commands it may not run
    // is left out, with all that the transaction wrote (execCommand in Redis 7.0 and 8.0). Where a transaction or a script
    // writes to another database, SELECT is one of them.
    ['default', ['off', 'resetpass', '~*', 'resetchannels', '-@all', '+@write', '+select']],
    ['dataplane', ['on', ...hashes('dataplane'), '~*', 'resetchannels', ...commands(ofDataplane)]],
    ['operator', ['on', ...hashes('operator'), 'resetkeys', 'resetchannels', ...commands(ofOperator)]],
    ['probe', ['on', 'nopass', 'resetkeys', 'resetchannels', ...commands(['ping'])]],
    ...(isShard
      ? [['cluster', ['on', ...hashes('cluster'), '~*', 'resetchannels', ...commands(CLUSTER_COMMANDS)]] as const]
      : []),
    ...(isMember
      ? [
          [
            'replica',
            ['on', ...hashes('replica'), 'resetkeys', 'resetchannels', ...commands(REPLICA_COMMANDS)],
          ] as const,
          ['sentinel', ['on', ...hashes('sentinel'), 'resetkeys', '&*', ...commands(SENTINEL_COMMANDS)]] as const,
        ]
      : []),
  ];
}

const SENTINEL_PEER_COMMANDS = [
  ...['ping', 'publish', 'client|setname'],
  ...['sentinel|is-master-down-by-addr', 'sentinel|master', 'sentinel|failover'],
];

/** The users of a Sentinel: the data plane asks it for the primary, the operator for a failover, and Sentinels agree. */
export function sentinelUsers(passwords: Required<Pick<ServicePasswords, ServiceUser | 'sentinel'>>): AclUser[] {
  const user = (name: ServiceUser | 'sentinel', channels: readonly string[], commands: readonly string[]): AclUser => [
    name,
    [
      'on',
      ...[passwords[name]].flat().map((password) => `#${aclPasswordHash(password)}`),
      ...['resetkeys', 'resetchannels', ...channels, '-@all', ...commands.map((command) => `+${command}`)],
    ],
  ];
  return [
    ['default', ['off', 'resetpass', 'resetkeys', 'resetchannels', '-@all']],
    user('dataplane', [], ['hello', 'sentinel|master']),
    user('operator', ['&*'], ['ping', 'info', 'sentinel', 'acl|list', 'acl|setuser', 'acl|deluser']),
    user('sentinel', ['&*'], SENTINEL_PEER_COMMANDS),
    ['probe', ['on', 'nopass', 'resetkeys', 'resetchannels', '-@all', '+ping']],
  ];
}

/** A line of users.acl. */
export function aclLine([name, rules]: AclUser): string {
  return `user ${name} ${rules.join(' ')}`;
}

/** The users of every store as users.acl has them. */
export function aclFile(passwords: ServicePasswords): string {
  return `${serviceUsers(passwords).map(aclLine).join('\n')}\n`;
}
