import type { KVToken } from '../../contract/objects.ts';
import type { TokenType } from '../../contract/token.ts';

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
}

/** An empty index; only tokens of `systemNamespace` can have a role. */
export function createTokenIndex(systemNamespace: string): TokenIndex {
  const hashesOf = new Map<string, readonly string[]>();
  const claims = new Map<string, Map<string, TokenRecord>>();

  function remove(token: KVToken): void {
    const key = keyOf(token);
    for (const hash of hashesOf.get(key) ?? []) {
      const claimants = claims.get(hash);
      claimants?.delete(key);
      if (claimants?.size === 0) claims.delete(hash);
    }
    hashesOf.delete(key);
  }

  function upsert(token: KVToken): void {
    remove(token);
    // Revoking is deleting, and holds from that moment on, whatever a finalizer still waits for.
    if (token.metadata.deletionTimestamp) return;
    const key = keyOf(token);
    const hashes = token.status?.hashes ?? [];
    const record = recordOf(token, systemNamespace);
    hashesOf.set(key, hashes);
    for (const hash of hashes) {
      const claimants = claims.get(hash);
      if (claimants) claimants.set(key, record);
      else claims.set(hash, new Map([[key, record]]));
    }
  }

  return {
    get size() {
      return hashesOf.size;
    },
    upsert,
    remove,
    find(hash) {
      const claimants = claims.get(hash);
      // Whoever copies a hash into an object of another namespace must not get that token's requests: refuse both.
      return claimants?.size === 1 ? claimants.values().next().value : undefined;
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

function keyOf({ metadata }: KVToken): string {
  return `${metadata.namespace}/${metadata.name}`;
}
