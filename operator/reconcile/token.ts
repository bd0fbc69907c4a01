import { randomBytes } from 'node:crypto';
import type { KVTokenStatus } from '../../contract/kvtoken.gen.ts';
import type { KVToken } from '../../contract/objects.ts';
import { formatToken, hashToken, TOKEN_PREFIXES, TOKEN_RANDOM_BYTES } from '../../contract/token.ts';
import { applyAll } from '../../kube/apply.ts';
import type { ReconcileResult } from '../../kube/controller.ts';
import { isForbidden, isInvalid } from '../../kube/errors.ts';
import { type ApiObject, controllerOf, parseKey } from '../../kube/object.ts';
import { secrets } from '../../kube/resources.ts';
import { tokenSecret, tokenSecretName } from '../resources/token-secret.ts';
import { rfc3339, toConditions } from '../status/conditions.ts';
import { type TokenFacts, tokenReady } from '../status/token-ready.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import { type IssuedToken, readIssued } from './issued-token.ts';
import { kvTokens, type Secret } from './kinds.ts';
import { judgeProject } from './project.ts';
import { reportStatus } from './report.ts';

/** Brings the token called `key` ("namespace/name") to what its spec says: its Secret first, then the hash that the data plane accepts. */
export async function reconcileToken(
  context: Context,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const token = context.caches.tokens.get(parseKey(key));
  if (!token || token.metadata.deletionTimestamp) return undefined; // its Secret goes with its owner
  const target = findTarget(context, token);
  const secret = await findSecret(context, token, signal);
  const secretConflict = secret !== undefined && !isOurs(secret, token);
  const { issued, refusal }: Ensured = secretConflict
    ? {}
    : await ensureSecret(context, token, secret, target?.projectId, signal);
  const facts = { ...collectFacts(context, token, target), secretConflict, secretRefusal: refusal };
  await reportStatus(context, kvTokens, token, tokenStatus(token, facts, issued, target, context.now()), signal);
  return { requeueAfterMs: Math.min(context.settings.resyncMs, untilExpiry(token, context.now())) };
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

/**
 * The cache is not asked alone: it shows no foreign Secret, and one behind the times would have a token issued twice.
 */
async function findSecret(context: Context, token: KVToken, signal: AbortSignal): Promise<Secret | undefined> {
  const key = { namespace: token.metadata.namespace, name: tokenSecretName(token) };
  const cached = context.caches.secrets.get(key);
  if (cached && isOurs(cached, token) && readIssued(cached, token.spec.type)) return cached;
  return context.client.get<Secret>(secrets, key, { signal });
}

function isOurs(secret: Secret, token: KVToken): boolean {
  return controllerOf(secret)?.uid === token.metadata.uid;
}

/** The token that is in the Secret now, and why the API server does not let the Secret be written. */
interface Ensured {
  issued?: IssuedToken | undefined;
  refusal?: string;
}

/** The token in the Secret, or a new one where there is none or it is not as it was issued. */
async function ensureSecret(
  { client, caches, settings, events, now }: Context,
  token: KVToken,
  secret: Secret | undefined,
  projectId: string | undefined,
  signal: AbortSignal,
): Promise<Ensured> {
  const found = secret && readIssued(secret, token.spec.type);
  const issued = found ?? {
    token: formatToken(token.spec.type, randomBytes(TOKEN_RANDOM_BYTES)),
    issuedAt: rfc3339(now()),
  };
  const desired = tokenSecret(token, { ...issued, url: settings.dataPlaneUrl, projectId });
  const owner = token as unknown as ApiObject;
  const options = { fieldManager: FIELD_MANAGER, owner, signal };
  try {
    await applyAll(client, [desired], () => secret ?? caches.find(desired), options);
  } catch (error) {
    if (!isForbidden(error) && !isInvalid(error)) throw error;
    return { issued: found, refusal: error.message };
  }
  if (!found && (token.status?.hashes?.length ?? 0) > 0) {
    const message = `the Secret ${tokenSecretName(token)} was deleted or changed, so a new token was issued and the old one is no longer accepted`;
    events.record(token, 'Warning', 'TokenReissued', message);
  }
  return { issued };
}

function collectFacts(
  { settings, now }: Pick<Context, 'settings' | 'now'>,
  token: KVToken,
  store: TokenFacts['store'],
): Omit<TokenFacts, 'secretConflict' | 'secretRefusal'> {
  const { namespace } = token.metadata;
  const { role, expiresAt } = token.spec;
  return {
    namespace,
    systemNamespace: settings.systemNamespace,
    secretName: tokenSecretName(token),
    forbiddenRole: namespace === settings.systemNamespace ? undefined : role,
    expiresAt,
    expired: expiresAt !== undefined && Date.parse(expiresAt) <= now().getTime(),
    store,
  };
}

function tokenStatus(
  token: KVToken,
  facts: TokenFacts,
  issued: IssuedToken | undefined,
  target: Target | undefined,
  now: Date,
): KVTokenStatus {
  const { generation } = token.metadata;
  const accepted = issued && !facts.forbiddenRole && !facts.expired;
  return {
    observedGeneration: generation,
    hashes: accepted ? [hashToken(issued.token)] : [],
    prefix: TOKEN_PREFIXES[token.spec.type],
    secretName: facts.secretName,
    ...(issued && { lastFour: issued.token.slice(-4), issuedAt: issued.issuedAt }),
    ...(target?.projectId !== undefined && { projectId: target.projectId }),
    conditions: toConditions([tokenReady(facts)], token.status?.conditions, generation, now),
  };
}

function untilExpiry({ spec }: KVToken, now: Date): number {
  if (spec.expiresAt === undefined) return Number.POSITIVE_INFINITY;
  const left = Date.parse(spec.expiresAt) - now.getTime();
  return left > 0 ? left : Number.POSITIVE_INFINITY;
}
