import type { KVTokenStatus } from '../../contract/kvtoken.gen.ts';
import type { KVToken } from '../../contract/objects.ts';
import { TOKEN_PREFIXES } from '../../contract/token.ts';
import type { ReconcileResult } from '../../kube/controller.ts';
import { parseKey } from '../../kube/object.ts';
import { tokenSecretName } from '../resources/token-secret.ts';
import { rfc3339, toConditions } from '../status/conditions.ts';
import { type TokenFacts, tokenReady } from '../status/token-ready.ts';
import { tokenSpecAccepted } from '../status/token-spec-accepted.ts';
import type { Context } from './context.ts';
import { isHashTaken } from './hash-taken.ts';
import { kvTokens } from './kinds.ts';
import { judgeProject } from './project.ts';
import { reportStatus, statusOf } from './report.ts';
import { PUBLISH_MS, rotatesAt, rotationRequest } from './rotation.ts';
import { acceptedHashes, type Held, keepSecret, pendingOf } from './token-secret.ts';

/**
 * Brings the token called `key` ("namespace/name") to what its spec says. A first token goes into its Secret and then its
 * hash into the status, from which the data plane accepts it; one that replaces another has its hash there first.
 */
export async function reconcileToken(
  context: Context,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const token = context.caches.tokens.get(parseKey(key));
  if (!token || token.metadata.deletionTimestamp) {
    context.pendingTokens.delete(key);
    return undefined; // its Secret goes with its owner
  }
  const target = findTarget(context, token);
  const facts = collectFacts(context, token, target);
  const accepted = isAccepted(facts);
  const held: Held = token.spec.issued
    ? { retiring: [], rotationRefusal: rotationRequest(token).refusal }
    : await keepSecret(context, token, accepted, target?.projectId, signal);
  const status = tokenStatus(token, facts, held, target, context.now());
  await reportStatus(context, kvTokens, token, status, signal);
  const pending = pendingOf(context, token);
  if (pending && accepted) pending.publishedAt ??= context.now();
  return { requeueAfterMs: Math.min(context.settings.resyncMs, untilNext(token, status, held, context.now())) };
}

/** The store that a token is for, and the project that it serves. */
type Target = NonNullable<TokenFacts['store']> & { projectId: string | undefined };

function findTarget(
  { caches, settings }: Pick<Context, 'caches' | 'settings'>,
  { spec, metadata }: KVToken,
): Target | undefined {
  if (!spec.storeRef) return undefined;
  const { name } = spec.storeRef;
  const store = caches.stores.get({ namespace: metadata.namespace, name });
  if (!store) return { name, exists: false, refusal: undefined, projectId: undefined };
  const project = judgeProject(store, caches.stores, settings.systemNamespace);
  return { name, exists: true, refusal: project.refusal, projectId: project.id };
}

/** Whether the data plane may accept the token. */
function isAccepted({
  forbiddenRole,
  hashTaken,
  expired,
}: Pick<TokenFacts, 'forbiddenRole' | 'hashTaken' | 'expired'>) {
  return !forbiddenRole && !hashTaken && !expired;
}

function collectFacts(
  { settings, caches, now }: Pick<Context, 'settings' | 'caches' | 'now'>,
  token: KVToken,
  store: TokenFacts['store'],
): Omit<TokenFacts, 'secretConflict' | 'secretRefusal'> {
  const { namespace } = token.metadata;
  const { role, expiresAt, issued } = token.spec;
  return {
    namespace,
    systemNamespace: settings.systemNamespace,
    secretName: issued ? undefined : tokenSecretName(token),
    forbiddenRole: namespace === settings.systemNamespace ? undefined : role,
    hashTaken: isHashTaken(caches.tokens, token),
    expiresAt,
    expired: expiresAt !== undefined && Date.parse(expiresAt) <= now().getTime(),
    store,
  };
}

function tokenStatus(
  token: KVToken,
  facts: Omit<TokenFacts, 'secretConflict' | 'secretRefusal'>,
  held: Held,
  target: Target | undefined,
  now: Date,
): KVTokenStatus {
  const { spec, metadata } = token;
  const { generation } = metadata;
  const accepted = isAccepted(facts);
  const { conflict: secretConflict = false, secretRefusal, rotationRefusal, issued, retiring } = held;
  const verdicts = [tokenReady({ ...facts, secretConflict, secretRefusal }), tokenSpecAccepted(rotationRefusal)];
  const due = issued && rotatesAt(token, issued);
  return {
    observedGeneration: generation,
    hashes: accepted ? (spec.issued ? [spec.issued.sha256] : acceptedHashes(held)) : [],
    prefix: TOKEN_PREFIXES[spec.type],
    ...(facts.secretName !== undefined && { secretName: facts.secretName }),
    ...(issued && { lastFour: issued.token.slice(-4), issuedAt: issued.issuedAt }),
    ...(spec.issued && { lastFour: spec.issued.lastFour, issuedAt: metadata.creationTimestamp }),
    ...(due !== undefined && { rotatesAt: rfc3339(new Date(due)) }),
    ...(accepted && retiring.length > 0 && { retiring }),
    ...(target?.projectId !== undefined && { projectId: target.projectId }),
    conditions: toConditions(verdicts, statusOf(token)?.conditions, generation, now),
  };
}

/** In how many ms time alone changes something: an end, a rotation, a step of one. */
function untilNext({ spec }: KVToken, status: KVTokenStatus, { next, waitMs }: Held, now: Date): number {
  const times = [spec.expiresAt, ...(status.retiring ?? []).map(({ until }) => until)];
  if (next === undefined) times.push(status.rotatesAt);
  const left = times.map((time) => (time === undefined ? 0 : Date.parse(time) - now.getTime())).filter((ms) => ms > 0);
  return Math.min(waitMs === undefined ? Number.POSITIVE_INFINITY : Math.min(waitMs, PUBLISH_MS), ...left);
}
