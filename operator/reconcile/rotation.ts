import type { KVTokenStatus } from '../../contract/kvtoken.gen.ts';
import { ROTATE_ANNOTATION } from '../../contract/labels.ts';
import type { KVToken } from '../../contract/objects.ts';
import { parseDuration, parseTime } from '../../contract/time.ts';
import type { IssuedToken } from '../resources/token-secret.ts';
import { rfc3339 } from '../status/conditions.ts';
import type { Finding } from '../status/finding.ts';
import type { TokenRefusalReason } from '../status/token-spec-accepted.ts';

/** A token that is about to replace the one in the Secret. Only this process knows it; what it leaves behind is its hash. */
export interface PendingToken {
  /** UID of the KVToken. */
  uid: string;
  token: string;
  /** Since when status.hashes has its hash; absent until that was written. */
  publishedAt?: Date;
}

/**
 * How long the hash of a new token is published before pods can read the token, in ms: every data plane replica knows a
 * hash within 2 s (docs/adr/0012-rotation-publishes-first.md).
 */
export const PUBLISH_MS = 5_000;

/** Replaced tokens that may be accepted at once: with the present and the next one as many as status.hashes holds. */
const MOST_RETIRING = 6;

const DEFAULT_OVERLAP = '24h';

type Retiring = NonNullable<KVTokenStatus['retiring']>;

/** What to do with the token in the Secret now. */
export type Rotation =
  | { action: 'keep'; refusal?: Finding<TokenRefusalReason> }
  /** Publish the hash of the token that comes next; it may be used in so many ms. */
  | { action: 'publish'; waitMs: number }
  /** Put the token that was published into the Secret. */
  | { action: 'replace' };

/** Decides on the rotation of a token that is accepted; `retiring` are the replaced ones that still are as well. */
export function decideRotation(
  token: KVToken,
  issued: IssuedToken,
  retiring: Retiring,
  pending: PendingToken | undefined,
  now: Date,
): Rotation {
  const { refusal } = rotationRequest(token);
  if (!isDue(token, issued, now)) return { action: 'keep', ...(refusal && { refusal }) };
  if (retiring.length >= MOST_RETIRING) {
    const [first] = retiring.map(({ until }) => until).sort();
    const message = `${MOST_RETIRING} replaced tokens are still accepted, so the next rotation waits until ${first}; shorten spec.rotation.overlap for later ones`;
    return { action: 'keep', refusal: { reason: 'RotationWaits', message } };
  }
  const waitMs = pending?.publishedAt ? pending.publishedAt.getTime() + PUBLISH_MS - now.getTime() : PUBLISH_MS;
  return waitMs > 0 ? { action: 'publish', waitMs } : { action: 'replace' };
}

/** The request in the annotation, or why it is none. */
export function rotationRequest({ spec, metadata }: KVToken): {
  request?: string;
  refusal?: Finding<TokenRefusalReason>;
} {
  const request = metadata.annotations?.[ROTATE_ANNOTATION];
  if (request === undefined) return {};
  if (spec.issued) {
    const message = `a token that was made elsewhere cannot be rotated, because the operator does not know it; create another KVToken, and remove the annotation ${ROTATE_ANNOTATION}`;
    return { refusal: { reason: 'RotationNotPossible', message } };
  }
  if (parseTime(request) === undefined) {
    const message = `the annotation ${ROTATE_ANNOTATION} is not an RFC 3339 time, so nothing is rotated; set it to the present time, for example ${metadata.creationTimestamp}`;
    return { refusal: { reason: 'RotateMalformed', message } };
  }
  return { request };
}

/** When the token is due by spec.rotation.every, in ms since 1970; undefined where it never is. */
export function rotatesAt({ spec }: KVToken, { issuedAt }: IssuedToken): number | undefined {
  const every = spec.rotation?.every === undefined ? undefined : parseDuration(spec.rotation.every);
  return every === undefined ? undefined : Date.parse(issuedAt) + every;
}

/**
 * The replaced tokens that are still accepted, the newest first. One is added when the Secret says that it was replaced
 * and the status that it was accepted until then; a Secret that was issued anew has none.
 */
export function retiringTokens(
  { spec }: KVToken,
  known: KVTokenStatus | undefined,
  { issuedAt, rotatedFrom }: IssuedToken,
  now: Date,
): Retiring {
  if (rotatedFrom === undefined) return [];
  const before = known?.retiring ?? [];
  const isNew = known?.hashes?.includes(rotatedFrom) && !before.some(({ sha256 }) => sha256 === rotatedFrom);
  const overlap = parseDuration(spec.rotation?.overlap ?? DEFAULT_OVERLAP) ?? 0;
  const replaced = { sha256: rotatedFrom, until: rfc3339(new Date(Date.parse(issuedAt) + overlap)) };
  return [...(isNew ? [replaced] : []), ...before].filter(({ until }) => Date.parse(until) > now.getTime());
}

function isDue(token: KVToken, issued: IssuedToken, now: Date): boolean {
  const { request } = rotationRequest(token);
  if (request !== undefined && request !== issued.rotatedFor) return true;
  return (rotatesAt(token, issued) ?? Number.POSITIVE_INFINITY) <= now.getTime();
}
