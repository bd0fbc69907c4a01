import type { Verdict } from './finding.ts';

/** Why a token can be used or not. */
export type TokenReason =
  | 'Issued'
  | 'SecretConflict'
  | 'SecretRefused'
  | 'RoleNotAllowed'
  | 'HashTaken'
  | 'Expired'
  | 'StoreNotFound'
  | 'ProjectIdConflict'
  | 'ProjectIdInvalid'
  | 'ProjectIdReserved';

/** All that a token's condition is made from. */
export interface TokenFacts {
  namespace: string;
  systemNamespace: string;
  /** The token's Secret; undefined where the token was made elsewhere and has none. */
  secretName: string | undefined;
  /** A Secret of that name exists that is not the token's. */
  secretConflict: boolean;
  /** Why the API server does not let the Secret be written. */
  secretRefusal: string | undefined;
  /** The role that is asked for outside the system namespace. */
  forbiddenRole: string | undefined;
  /** The hash in spec.issued is, or was when this was made, another token's. */
  hashTaken: boolean;
  expiresAt: string | undefined;
  expired: boolean;
  /** The store that the token is for: absent for an API key. */
  store: { name: string; exists: boolean; refusal: { reason: TokenReason; message: string } | undefined } | undefined;
}

/** Whether the token can be used. */
export function tokenReady(facts: TokenFacts): Verdict<TokenReason> {
  const [holds, reason, message] = judge(facts);
  return { type: 'Ready', status: holds ? 'True' : 'False', reason, message };
}

function judge(facts: TokenFacts): [boolean, TokenReason, string] {
  const { secretName, systemNamespace, expiresAt, forbiddenRole, store, namespace } = facts;
  if (facts.secretConflict) {
    const remedy = 'delete or rename it, or create the KVToken again with another spec.secretName';
    return [false, 'SecretConflict', `the Secret ${secretName} exists and does not belong to this KVToken; ${remedy}`];
  }
  if (facts.secretRefusal !== undefined) {
    const remedy = "raise the namespace's quota or change its policy";
    return [
      false,
      'SecretRefused',
      `the API server refuses the Secret ${secretName}; ${remedy}: ${facts.secretRefusal}`,
    ];
  }
  if (forbiddenRole) {
    const message = `spec.role ${forbiddenRole} is only for tokens made in the namespace ${systemNamespace}, so this one is not accepted; remove spec.role`;
    return [false, 'RoleNotAllowed', message];
  }
  if (facts.hashTaken) {
    const message = 'spec.issued has the hash of a token that there was already, so this one is not accepted';
    return [false, 'HashTaken', `${message}; create another KVToken for another token`];
  }
  if (facts.expired)
    return [false, 'Expired', `the token ended at ${expiresAt}; set a later spec.expiresAt, or delete the KVToken`];
  if (store && !store.exists) {
    const message = `there is no KVStore ${store.name} in the namespace ${namespace}; create it, and the token works at once`;
    return [false, 'StoreNotFound', message];
  }
  if (store?.refusal) return [false, store.refusal.reason, store.refusal.message];
  const where =
    secretName === undefined ? 'only whoever asked for it has the token' : `the token is in the Secret ${secretName}`;
  return [true, 'Issued', where];
}
