import { aclPasswordHash, type RedisUser } from './credentials.ts';

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
  'shutdown',
  'wait',
];

/**
 * The text of a store's users.acl. It holds hashes of passwords only. The user `probe` has no password, because a
 * password for the kubelet's probe would have to be readable in the tenant's namespace; it may only PING.
 */
export function aclFile(passwords: Readonly<Record<RedisUser, string>>): string {
  const rules = (commands: readonly string[]) => commands.map((command) => `+${command}`).join(' ');
  return [
    // Nobody can be this user, but Redis reads the append-only file as it: a transaction whose commands it may not run
    // is left out, with all that the transaction wrote (execCommand in Redis 7.0 and 8.0).
    'user default off resetpass ~* resetchannels -@all +@write',
    `user dataplane on #${aclPasswordHash(passwords.dataplane)} ~* resetchannels -@all ${rules(DATAPLANE_COMMANDS)}`,
    `user operator on #${aclPasswordHash(passwords.operator)} resetkeys resetchannels -@all ${rules(OPERATOR_COMMANDS)}`,
    'user probe on nopass resetkeys resetchannels -@all +ping',
    '',
  ].join('\n');
}
