import { MANAGED_BY, MANAGED_BY_LABEL, TOKEN_LABEL } from '../../contract/labels.ts';
import type { KVToken } from '../../contract/objects.ts';
import { hashToken } from '../../contract/token.ts';
import type { Manifest } from './manifest.ts';

/** On a token's Secret: SHA-256 of the token that was issued; a text with another hash was put there by somebody else. */
export const TOKEN_HASH_ANNOTATION = 'cubby.dev/token-hash';
/** On a token's Secret: when the token was issued, RFC 3339. */
export const ISSUED_AT_ANNOTATION = 'cubby.dev/issued-at';
/** On a token's Secret: SHA-256 of the token that this one replaced by rotation; absent on one that was issued anew. */
export const ROTATED_FROM_ANNOTATION = 'cubby.dev/rotated-from';
/** On a token's Secret: the value of the KVToken's cubby.dev/rotate that the token was made for. */
export const ROTATED_FOR_ANNOTATION = 'cubby.dev/rotated-for';

/** A token that the operator made. */
export interface IssuedToken {
  token: string;
  /** RFC 3339. */
  issuedAt: string;
  /** SHA-256 of the token that this one replaced by rotation. */
  rotatedFrom?: string | undefined;
  /** The request for a rotation that was the last when this token was made. */
  rotatedFor?: string | undefined;
}

/** What a token's Secret holds. */
export interface TokenSecretContent extends IssuedToken {
  /** Base URL of the data plane. */
  url: string;
  /** The project that the token reaches; absent for an API key and while the store serves none. */
  projectId: string | undefined;
}

/** Name of the Secret of a token. */
export function tokenSecretName({ spec, metadata }: KVToken): string {
  return spec.secretName ?? metadata.name;
}

/** The Secret for pods to mount. */
export function tokenSecret(token: KVToken, content: TokenSecretContent): Manifest {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: tokenSecretName(token),
      namespace: token.metadata.namespace,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY, [TOKEN_LABEL]: token.metadata.name },
      annotations: {
        [TOKEN_HASH_ANNOTATION]: hashToken(content.token),
        [ISSUED_AT_ANNOTATION]: content.issuedAt,
        ...(content.rotatedFrom !== undefined && { [ROTATED_FROM_ANNOTATION]: content.rotatedFrom }),
        ...(content.rotatedFor !== undefined && { [ROTATED_FOR_ANNOTATION]: content.rotatedFor }),
      },
    },
    type: 'Opaque',
    data: {
      token: encode(content.token),
      url: encode(content.url),
      ...(content.projectId !== undefined && { projectId: encode(content.projectId) }),
    },
  };
}
