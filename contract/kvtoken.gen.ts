// Generated from crds/ by `npm run generate`. Do not edit.

/**
 * A bearer token for the data plane. The token itself is in a Secret, or was given to whoever asked for it; this object has only its hash.
 */
export interface KVTokenFields {
  spec: KVTokenSpec;
  status?: KVTokenStatus;
}
/**
 * The token as it should be.
 */
export interface KVTokenSpec {
  /**
   * Project makes an sk_live_ token and Deployment a dt_ token, both for the project of storeRef. ApiKey makes a tk_ token, whose requests name a project among the stores of this namespace, or among all stores where the token is made in the system namespace.
   */
  type: 'Project' | 'Deployment' | 'ApiKey';
  /**
   * The KVStore in this namespace that a Project or Deployment token reaches.
   */
  storeRef?: {
    /**
     * Name of the KVStore.
     */
    name: string;
  };
  /**
   * What the token may do with keys and values.
   *
   * Items: One permission.
   */
  scopes: ('kv:read' | 'kv:write')[];
  /**
   * Permission to manage stores through the data plane, for an ApiKey made in the system namespace. SystemRead reads the status of every project; SystemAdmin also enables, updates and disables stores. Neither gives access to keys and values, which is what scopes are for.
   */
  role?: 'SystemAdmin' | 'SystemRead';
  /**
   * Name of the Secret that the operator writes, with the keys token, url and projectId; absent means the name of this object. Fixed at creation.
   */
  secretName?: string;
  /**
   * When the token stops working; absent means never.
   */
  expiresAt?: string;
  /**
   * A token that was made elsewhere, as the data plane's POST /api/kv/tokens does: the operator accepts it, writes no Secret and cannot rotate it. Fixed at creation.
   */
  issued?: {
    /**
     * SHA-256 of the token in lower-case hex.
     */
    sha256: string;
    /**
     * The token's last four characters.
     */
    lastFour: string;
  };
  /**
   * How the token in the Secret is replaced by a new one, which the annotation cubby.dev/rotate asks for at any time.
   */
  rotation?: {
    /**
     * How old a token gets before it is replaced, for example 720h, at least 1m; absent means only when asked.
     */
    every?: string;
    /**
     * How long a replaced token is still accepted, so that pods have time to read the new one; 0s refuses it at once. At most 87600h, which is ten years.
     */
    overlap: string;
  };
}
/**
 * The token as the operator last saw it.
 */
export interface KVTokenStatus {
  /**
   * The metadata.generation that this status speaks of.
   */
  observedGeneration?: number;
  /**
   * SHA-256 hashes, in lower-case hex, of the tokens that are accepted now: first the one in the Secret, then the one that is about to replace it, then those that were replaced.
   *
   * Items: One hash.
   */
  hashes?: string[];
  /**
   * The token's prefix, which tells its type.
   */
  prefix?: string;
  /**
   * The token's last four characters, to tell it from others.
   */
  lastFour?: string;
  /**
   * Name of the Secret that holds the token; absent for one that was made elsewhere.
   */
  secretName?: string;
  /**
   * The project that the token reaches; absent for an ApiKey.
   */
  projectId?: string;
  /**
   * When the token was made.
   */
  issuedAt?: string;
  /**
   * When the token is replaced; absent where only the annotation asks for it.
   */
  rotatesAt?: string;
  /**
   * Replaced tokens that are still accepted, the newest first.
   *
   * Items: A replaced token.
   */
  retiring?: {
    /**
     * SHA-256 of the token in lower-case hex.
     */
    sha256: string;
    /**
     * When it stops working.
     */
    until: string;
  }[];
  /**
   * What is true of the token now; docs/conditions.md lists each type and what to do.
   *
   * Items: One condition, as in meta/v1 Condition.
   */
  conditions?: {
    /**
     * Name of the condition.
     */
    type: string;
    /**
     * Whether it holds.
     */
    status: 'True' | 'False' | 'Unknown';
    /**
     * The cause, one word in CamelCase.
     */
    reason: string;
    /**
     * The cause in a sentence, with the remedy where one is needed.
     */
    message: string;
    /**
     * When status last changed.
     */
    lastTransitionTime: string;
    /**
     * The metadata.generation that the condition speaks of.
     */
    observedGeneration?: number;
  }[];
}
