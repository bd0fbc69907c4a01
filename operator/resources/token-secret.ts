import { MANAGED_BY, MANAGED_BY_LABEL, TOKEN_LABEL } from '../../contract/labels.ts';
import type { KVToken } from '../../contract/objects.ts';
import { hashToken } from '../../contract/token.ts';
import type { Manifest } from './manifest.ts';

/** On a token's Secret: SHA-256 of the token that was issued; a text with another hash was put there by somebody else. */
export const TOKEN_HASH_ANNOTATION = 'cubby.dev/token-hash';
/** On a token's Secret: when the token was issued, RFC 3339. */
export const ISSUED_AT_ANNOTATION = 'cubby.dev/issued-at';

/** What a token's Secret holds. */
export interface TokenSecretContent {
  token: string;
  issuedAt: string;
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
