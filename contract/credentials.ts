import { createHash, createHmac } from 'node:crypto';

/** The Redis users by which Cubby's own programs sign in to every store. The default user is off. */
export type ServiceUser = 'dataplane' | 'operator';
/**
 * The Redis users whose passwords are derived; `native` is there under spec.access.redis only, `cluster` in shards only,
 * `replica` and `sentinel` in replicated stores only.
 */
export type RedisUser = ServiceUser | 'native' | 'cluster' | 'replica' | 'sentinel';

/** Length in bytes that a master key must at least have. */
export const MASTER_KEY_BYTES = 32;

/** The keys that passwords may derive from at the moment: two while the master key is being replaced. */
export interface MasterKeys {
  current: Uint8Array;
  /** The key that `current` takes the place of; stores accept the passwords of both. */
  previous?: Uint8Array | undefined;
}

/**
 * The master keys from the texts of their Secret: each base64 of at least MASTER_KEY_BYTES. A previous key that is empty
 * or the current one is none. Throws an Error that names the remedy and never a text.
 */
export function parseMasterKeys(current: string, previous = ''): MasterKeys {
  const keys = { current: parseMasterKey(current) };
  if (previous.trim() === '') return keys;
  const replaced = parseMasterKey(previous, 'the previous master key');
  return Buffer.compare(keys.current, replaced) === 0 ? keys : { ...keys, previous: replaced };
}

/** One master key from its text; `what` names it in the Error, as parseMasterKeys throws it. */
export function parseMasterKey(text: string, what = 'the master key'): Uint8Array {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length < MASTER_KEY_BYTES) {
    throw new Error(
      `${what} must be base64 of at least ${MASTER_KEY_BYTES} bytes; make one with: openssl rand -base64 32`,
    );
  }
  return key;
}

/**
 * The keys to go on with when `found` takes the place of `known`. Where a key was replaced and nothing says by which, the
 * known one counts as the previous: that the stores have the new one yet is not to be expected.
 */
export function succeedMasterKeys(known: MasterKeys, found: MasterKeys): MasterKeys {
  if (found.previous || Buffer.compare(found.current, known.current) === 0) return found;
  return { current: found.current, previous: known.current };
}

/** Whether both are the same keys in the same roles. */
export function sameMasterKeys(a: MasterKeys, b: MasterKeys): boolean {
  const ids = ({ current, previous }: MasterKeys) => `${masterKeyId(current)} ${previous ? masterKeyId(previous) : ''}`;
  return ids(a) === ids(b);
}

/** A name for a master key that tells nothing about it: 12 hex digits of an HMAC under it. */
export function masterKeyId(masterKey: Uint8Array): string {
  return createHmac('sha256', masterKey).update('id').digest('hex').slice(0, 12);
}

/**
 * The password of one Redis user of one store: HMAC-SHA-256 of the store's UID, its credential generation and the user
 * under the master key, in base64url. Whoever holds the master key computes it, so no Secret of a tenant is read.
 */
export function redisPassword(masterKey: Uint8Array, storeUid: string, generation: number, user: RedisUser): string {
  return createHmac('sha256', masterKey).update(`${storeUid}\n${generation}\n${user}`).digest('base64url');
}

/** The passwords of a user of those generations under each key, the one that is meant to last first. */
export function redisPasswords(
  { current, previous }: MasterKeys,
  storeUid: string,
  generations: readonly number[],
  user: RedisUser,
): string[] {
  const keys = previous ? [current, previous] : [current];
  return generations.flatMap((generation) => keys.map((key) => redisPassword(key, storeUid, generation, user)));
}

/**
 * The passwords with which to sign in, in the order to try them: a store that has not heard of the present generation or
 * key accepts those before. More than the first is of use only while one of them changes.
 */
export function passwordsToTry(keys: MasterKeys, storeUid: string, generation: number, user: RedisUser): string[] {
  return redisPasswords(keys, storeUid, generation > 1 ? [generation, generation - 1] : [generation], user);
}

/** What an ACL file holds in place of a password (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/): its SHA-256 in hex. */
export function aclPasswordHash(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}
