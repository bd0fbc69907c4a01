import type { KVToken } from '../../contract/objects.ts';
import { TOKEN_PREFIXES } from '../../contract/token.ts';

/** A token of a project, as the management calls show it. */
export interface TokenView {
  name: string;
  type: KVToken['spec']['type'];
  prefix: string;
  last_four: string | null;
  scopes: KVToken['spec']['scopes'];
  created_at: string;
  expires_at: string | null;
  rotates_at: string | null;
  state: 'active' | 'pending' | 'expired' | 'refused';
  message: string | null;
  secret_name: string | null;
  revocable: boolean;
}

/** What a view shows that is not in the token's object. */
export interface TokenSurroundings {
  /** Whether a request with it is taken for the token's now. */
  accepted: boolean;
  /** Whether whoever looks may revoke it over the API. */
  revocable: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

/** The view of a token, in which neither it nor its hash is. */
export function viewToken({ metadata, spec, status = {} }: KVToken, surroundings: TokenSurroundings): TokenView {
  const { accepted, revocable, now } = surroundings;
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const refusal = ready?.status === 'False' ? ready.message : null;
  const isExpired = spec.expiresAt !== undefined && !(now < Date.parse(spec.expiresAt));
  return {
    name: metadata.name,
    type: spec.type,
    prefix: status.prefix ?? TOKEN_PREFIXES[spec.type],
    last_four: status.lastFour ?? spec.issued?.lastFour ?? null,
    scopes: spec.scopes,
    created_at: timeOf(status.issuedAt) ?? metadata.creationTimestamp,
    expires_at: timeOf(spec.expiresAt),
    rotates_at: timeOf(status.rotatesAt),
    state: isExpired ? 'expired' : accepted ? 'active' : refusal === null ? 'pending' : 'refused',
    message: refusal,
    secret_name: status.secretName ?? null,
    revocable,
  };
}

/** A time in the form that all of the API has. */
function timeOf(text: string | undefined): string | null {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
