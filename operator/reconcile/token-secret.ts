import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { KVTokenStatus } from '../../contract/kvtoken.gen.ts';
import type { KVToken } from '../../contract/objects.ts';
import { formatToken, hashToken, TOKEN_RANDOM_BYTES } from '../../contract/token.ts';
import { applyAll } from '../../kube/apply.ts';
import { isForbidden, isInvalid } from '../../kube/errors.ts';
import { type ApiObject, controllerOf, formatKey } from '../../kube/object.ts';
import { secrets } from '../../kube/resources.ts';
import { type IssuedToken, tokenSecret, tokenSecretName } from '../resources/token-secret.ts';
import { rfc3339 } from '../status/conditions.ts';
import type { Finding } from '../status/finding.ts';
import type { TokenRefusalReason } from '../status/token-spec-accepted.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import { readIssued } from './issued-token.ts';
import type { Secret } from './kinds.ts';
import { statusOf } from './report.ts';
import { decideRotation, type PendingToken, type Rotation, retiringTokens, rotationRequest } from './rotation.ts';

/** What there is of a token: what its Secret has, what comes next, and what stands in the way. */
export interface Held {
  /** The token in the Secret; undefined where none could be put there. */
  issued?: IssuedToken | undefined;
  /** Hash of the token that is about to replace it. */
  next?: string | undefined;
  /** When to look again for the rotation's sake, in ms. */
  waitMs?: number | undefined;
  retiring: NonNullable<KVTokenStatus['retiring']>;
  /** A Secret of that name exists that is not the token's. */
  conflict?: boolean;
  /** Why the API server does not let the Secret be written. */
  secretRefusal?: string | undefined;
  rotationRefusal?: Finding<TokenRefusalReason> | undefined;
}

/** What a Secret says, and what follows from it. */
interface View {
  found: IssuedToken;
  retiring: Held['retiring'];
  rotation: Rotation;
}

/**
 * Keeps the Secret as it should be: a new token where there is none or it is not as it was issued, and the next one
 * when its time has come. `accepted` tells whether the data plane may accept it now: one that it may not is not rotated.
 */
export async function keepSecret(
  context: Context,
  token: KVToken,
  accepted: boolean,
  projectId: string | undefined,
  signal: AbortSignal,
): Promise<Held> {
  const now = context.now();
  const pending = pendingOf(context, token);
  const view = (secret: Secret): View | undefined => {
    const found = readIssued(secret, token.spec.type);
    if (!found) return undefined;
    const retiring = retiringTokens(token, statusOf(token), found, now);
    const rotation = accepted ? decideRotation(token, found, retiring, pending, now) : { action: 'keep' as const };
    return { found, retiring, rotation };
  };
  const secret = await findSecret(context, token, accepted, view, signal);
  if (secret && !isOurs(secret, token)) return { conflict: true, retiring: [] };
  const seen = secret && view(secret);
  const rotation = seen?.rotation ?? { action: 'keep' };
  const next = rotation.action === 'keep' ? undefined : (pending ?? createPending(context, token));
  if (!next) context.pendingTokens.delete(formatKey(token.metadata));

  const issued = choose(token, seen, next, now);
  const secretRefusal = await applySecret(context, token, secret, { ...issued, projectId }, signal);
  if (secretRefusal !== undefined)
    return { issued: seen?.found, next: next && hashToken(next.token), retiring: seen?.retiring ?? [], secretRefusal };
  if (issued !== seen?.found) tell(context, token, seen !== undefined);
  if (issued === seen?.found) {
    return {
      issued,
      retiring: seen.retiring,
      next: next && hashToken(next.token),
      waitMs: rotation.action === 'publish' ? rotation.waitMs : undefined,
      rotationRefusal: rotation.action === 'keep' ? rotation.refusal : undefined,
    };
  }
  context.pendingTokens.delete(formatKey(token.metadata));
  return { issued, retiring: retiringTokens(token, statusOf(token), issued, now) };
}

/** The hashes that the data plane is to accept, the present token's first. */
export function acceptedHashes({ issued, next, retiring }: Pick<Held, 'issued' | 'next' | 'retiring'>): string[] {
  const present = issued ? [hashToken(issued.token)] : [];
  return [...present, ...(next === undefined ? [] : [next]), ...retiring.map(({ sha256 }) => sha256)];
}

/** The token that the Secret is to have: what it has, the next one whose time has come, or a new one. */
function choose(token: KVToken, seen: View | undefined, next: PendingToken | undefined, now: Date): IssuedToken {
  const { request } = rotationRequest(token);
  if (!seen) return { token: createToken(token), issuedAt: rfc3339(now), rotatedFor: request };
  if (seen.rotation.action !== 'replace' || !next) return seen.found;
  const rotatedFrom = hashToken(seen.found.token);
  return { token: next.token, issuedAt: rfc3339(now), rotatedFrom, rotatedFor: request ?? seen.found.rotatedFor };
}

/**
 * The Secret, from the cache only where that changes nothing: the cache shows no foreign Secret, and one behind the times
 * would have a token issued twice, or one refused that pods have read already.
 */
async function findSecret(
  { caches, client }: Context,
  token: KVToken,
  accepted: boolean,
  view: (secret: Secret) => View | undefined,
  signal: AbortSignal,
): Promise<Secret | undefined> {
  const key = { namespace: token.metadata.namespace, name: tokenSecretName(token) };
  const cached = caches.secrets.get(key);
  const seen = cached && isOurs(cached, token) ? view(cached) : undefined;
  if (cached && seen?.rotation.action === 'keep') {
    const hashes = accepted ? acceptedHashes({ issued: seen.found, retiring: seen.retiring }) : [];
    if (isDeepStrictEqual(hashes, statusOf(token)?.hashes)) return cached;
  }
  return client.get<Secret>(secrets, key, { signal });
}

/** Writes the Secret where it differs; the answer is why the API server does not let it, where it does not. */
async function applySecret(
  { client, caches, settings }: Context,
  token: KVToken,
  secret: Secret | undefined,
  content: IssuedToken & { projectId: string | undefined },
  signal: AbortSignal,
): Promise<string | undefined> {
  const desired = tokenSecret(token, { ...content, url: settings.dataPlaneUrl });
  const options = { fieldManager: FIELD_MANAGER, owner: token as unknown as ApiObject, signal };
  try {
    await applyAll(client, [desired], () => secret ?? caches.find(desired), options);
  } catch (error) {
    if (!isForbidden(error) && !isInvalid(error)) throw error;
    return error.message;
  }
}

function tell({ events }: Context, token: KVToken, rotated: boolean): void {
  const name = tokenSecretName(token);
  if (rotated) {
    const message = `a new token is in the Secret ${name}; the old one is accepted until spec.rotation.overlap is over`;
    events.record(token, 'Normal', 'TokenRotated', message);
  } else if ((statusOf(token)?.hashes?.length ?? 0) > 0) {
    const message = `the Secret ${name} was deleted or changed, so a new token was issued and the old one is no longer accepted`;
    events.record(token, 'Warning', 'TokenReissued', message);
  }
}

/** The token that is about to replace the present one, where this process made one. */
export function pendingOf({ pendingTokens }: Context, { metadata }: KVToken): PendingToken | undefined {
  const pending = pendingTokens.get(formatKey(metadata));
  return pending?.uid === metadata.uid ? pending : undefined;
}

function createPending({ pendingTokens }: Context, token: KVToken): PendingToken {
  const pending = { uid: token.metadata.uid, token: createToken(token) };
  pendingTokens.set(formatKey(token.metadata), pending);
  return pending;
}

function createToken({ spec }: KVToken): string {
  return formatToken(spec.type, randomBytes(TOKEN_RANDOM_BYTES));
}

function isOurs(secret: Secret, token: KVToken): boolean {
  return controllerOf(secret)?.uid === token.metadata.uid;
}
