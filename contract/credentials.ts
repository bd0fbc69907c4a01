import { createHash, createHmac } from 'node:crypto';

/** The Redis users by which Cubby's own programs sign in to every store. The default user is off. */
export type ServiceUser = 'dataplane' | 'operator';
/** The Redis users whose passwords are derived; `native` is there under spec.access.redis only. */
export type RedisUser = ServiceUser | 'native';

/** Length in bytes that a master key must at least have. */
export const MASTER_KEY_BYTES = 32;

/**
 * The master key from the text of its Secret: base64 of at least MASTER_KEY_BYTES.
 * Throws an Error that names the remedy and never the text.
 */
export function parseMasterKey(text: string): Uint8Array {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length < MASTER_KEY_BYTES) {
    throw new Error(
      `the master key must be base64 of at least ${MASTER_KEY_BYTES} bytes; make one with: openssl rand -base64 32`,
    );
  }
  return key;
}

/**
 * The password of one Redis user of one store: HMAC-SHA-256 of the store's UID, its credential generation and the user
 * under the master key, in base64url. Whoever holds the master key computes it, so no Secret of a tenant is read.
 */
export function redisPassword(masterKey: Uint8Array, storeUid: string, generation: number, user: RedisUser): string {
  return createHmac('sha256', masterKey).update(`${storeUid}\n${generation}\n${user}`).digest('base64url');
}

/** What an ACL file holds in place of a password (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/): its SHA-256 in hex. */
export function aclPasswordHash(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}
