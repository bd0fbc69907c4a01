import type { KVToken } from '../../contract/objects.ts';
import type { TokenType } from '../../contract/token.ts';
import type { StoreRef } from './stores.ts';

/** What the data plane believes of a KVToken; nothing else in the object has any effect. */
export interface TokenRecord {
  namespace: string;
  name: string;
  type: TokenType;
  scopes: ReadonlySet<string>;
  /** What an ApiKey of the system namespace may manage; undefined for every other token, whatever its object says. */
  role: 'SystemAdmin' | 'SystemRead' | undefined;
  /** Milliseconds since 1970; Infinity where the token never expires. */
  expiresAt: number;
  /** The KVStore, in the same namespace, of a Project or Deployment token. */
  storeName: string | undefined;
}

/** Finds tokens by hash. A state machine: it changes only when it is told of an object. */
export interface TokenIndex {
  readonly size: number;
  /** Takes the place of what was known of the object of this namespace and name. */
  upsert(token: KVToken): void;
  remove(token: KVToken): void;
  /** The token of a SHA-256 in lower-case hex. Undefined also where several objects claim the hash. */
  find(hash: string): TokenRecord | undefined;
  /** The Project and Deployment tokens of a store, as their objects were last seen, by name. */
  ofStore(ref: StoreRef): readonly KVToken[];
}

/** An empty index; only tokens of `systemNamespace` can have a role. */
export function createTokenIndex(systemNamespace: string): TokenIndex {
  const objects = new Map<string, KVToken>();
  const claims = new Map<string, Map<string, TokenRecord>>();
  const stores = new Map<string, Map<string, KVToken>>();

  function remove(token: KVToken): void {
    const key = keyOf(token.metadata);
    const old = objects.get(key);
    if (!old) return;
    objects.delete(key);
    for (const hash of hashesOf(old)) drop(claims, hash, key);
    drop(stores, storeKeyOf(old), key);
  }

  function upsert(token: KVToken): void {
    remove(token);
    // Revoking is deleting, and holds from that moment on, whatever a finalizer still waits for.
    if (token.metadata.deletionTimestamp) return;
    const key = keyOf(token.metadata);
    const record = recordOf(token, systemNamespace);
    objects.set(key, token);
    for (const hash of hashesOf(token)) put(claims, hash, key, record);
    put(stores, storeKeyOf(token), key, token);
  }

  return {
    get size() {
      return objects.size;
    },
    upsert,
    remove,
    find(hash) {
      const claimants = claims.get(hash);
      // Whoever copies a hash into an object of another namespace must not get that token's requests: refuse both. No time
      // tells who was first, as a hash may come into an old object.
      return claimants?.size === 1 ? claimants.values().next().value : undefined;
    },
    ofStore(ref) {
      const tokens = [...(stores.get(keyOf(ref))?.values() ?? [])];
      return tokens.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    },
  };
}

function recordOf({ metadata, spec }: KVToken, systemNamespace: string): TokenRecord {
  const expiry = spec.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(spec.expiresAt);
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    type: spec.type,
    scopes: new Set(spec.scopes),
    // The operator accepts no other token with a role; that it erred or was late must make nobody an administrator.
    role: spec.type === 'ApiKey' && metadata.namespace === systemNamespace ? spec.role : undefined,
    expiresAt: Number.isNaN(expiry) ? 0 : expiry,
    storeName: spec.storeRef?.name,
  };
}

/** The operator alone says which hashes are accepted: spec.issued is no more than what somebody asks it for. */
function hashesOf({ status }: KVToken): readonly string[] {
  return status?.hashes ?? [];
}

/** Undefined for an ApiKey, which is of no store. */
function storeKeyOf({ metadata, spec }: KVToken): string | undefined {
  return spec.storeRef && keyOf({ namespace: metadata.namespace, name: spec.storeRef.name });
}

function keyOf({ namespace, name }: StoreRef): string {
  return `${namespace}/${name}`;
}

function put<T>(groups: Map<string, Map<string, T>>, group: string | undefined, key: string, value: T): void {
  if (group === undefined) return;
  const members = groups.get(group);
  if (members) members.set(key, value);
  else groups.set(group, new Map([[key, value]]));
}

function drop<T>(groups: Map<string, Map<string, T>>, group: string | undefined, key: string): void {
  if (group === undefined) return;
  const members = groups.get(group);
  members?.delete(key);
  if (members?.size === 0) groups.delete(group);
}
