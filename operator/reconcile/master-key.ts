import { randomBytes } from 'node:crypto';
import { MASTER_KEY_BYTES, type MasterKeys, masterKeyId, parseMasterKeys } from '../../contract/credentials.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { ReconcileResult } from '../../kube/controller.ts';
import { isAlreadyExists, isForbidden, isInvalid } from '../../kube/errors.ts';
import { type KubeObject, keyOf, parseKey } from '../../kube/object.ts';
import { secrets } from '../../kube/resources.ts';
import { masterKeySecret } from '../resources/master-key.ts';
import { rfc3339 } from '../status/conditions.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import { decideKeyRotation, PROGRESS, ROTATED_FOR, ROTATING_SINCE, ROTATING_TO } from './key-rotation.ts';
import { kvStores, type Secret } from './kinds.ts';

type KeyContext = Pick<Context, 'client' | 'caches' | 'events' | 'masterKeys' | 'masterKeyStored' | 'settings' | 'now'>;

/** How often to look at how far a rotation is, in ms. */
const LOOK_MS = 5_000;
/** Stores of one page of a list. */
const PAGE = 500;

/**
 * Rotates the master key where its Secret asks for that, and ends the rotation when nothing needs the key before. Every
 * write is to the version of the Secret that was read, so that no key is lost to another writer; and each leaves the
 * Secret in a state that says all that the next step needs, whoever takes it.
 */
export async function reconcileMasterKey(
  context: KeyContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const { caches, settings, now, events } = context;
  const again = { requeueAfterMs: settings.resyncMs };
  const secret = caches.masterKey.get(parseKey(key));
  if (!secret) {
    if (context.masterKeyStored()) await restore(context, signal);
    return again;
  }
  const tell = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    events.record({ ...secret, apiVersion: 'v1', kind: 'Secret' }, type, reason, message);
  let found: MasterKeys;
  try {
    found = readMasterKeys(secret, settings.masterKeySecret.key);
  } catch (error) {
    tell('Warning', 'MasterKeyInvalid', `${(error as Error).message}; the keys that were known stay in use`);
    return again;
  }
  const overlapMs = settings.credentialOverlapSeconds * 1000;
  const known = context.masterKeys();
  const decide = (stores: readonly KVStore[]) => decideKeyRotation(secret, found, known, stores, overlapMs, now());
  let decision = decide(caches.stores.list());
  // The cache may hold a part of the stores only.
  if (decision.action === 'finish') decision = decide(await listStores(context, signal));
  if (decision.action === 'keep') return again;
  const patch = describePatch(context, secret, decision);
  const looked = { requeueAfterMs: Math.min(LOOK_MS, settings.resyncMs) };
  if (!patch) return looked;
  try {
    const { resourceVersion } = secret.metadata;
    await context.client.patch(secrets, keyOf(secret), patch, {
      type: 'merge',
      fieldManager: FIELD_MANAGER,
      resourceVersion,
      signal,
    });
  } catch (error) {
    if (!isInvalid(error) && !isForbidden(error)) throw error;
    tell(
      'Warning',
      'MasterKeyNotWritten',
      `the API server does not let the Secret be changed, so the rotation waits: ${error.message}`,
    );
    return again;
  }
  if (decision.action === 'rotate')
    tell('Normal', 'MasterKeyRotated', 'a new master key was made; the stores take it over');
  if (decision.action === 'preserve')
    tell(
      'Warning',
      'MasterKeyPreserved',
      'the master key was replaced without the one before; that is kept as the previous key until all stores accept the new one',
    );
  if (decision.action === 'finish') tell('Normal', 'MasterKeyRotationFinished', decision.progress);
  return looked;
}

/**
 * Makes a Secret anew that was deleted: without it the next operator would make another key, which no store accepts. By
 * the time that this is looked at again, whoever replaces the Secret by deleting it is done.
 */
async function restore({ client, masterKeys, settings }: KeyContext, signal: AbortSignal): Promise<void> {
  const { current, previous } = masterKeys();
  const { systemNamespace: namespace } = settings;
  const { name, key: dataKey } = settings.masterKeySecret;
  const data = {
    [dataKey]: encodeKey(current),
    ...(previous && { [previousName(dataKey)]: encodeKey(previous) }),
  };
  try {
    await client.create(secrets, masterKeySecret({ namespace, name }, data), { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** The keys in the Secret whose data has the present one under `key`. Throws an Error that names the remedy. */
export function readMasterKeys({ data }: Pick<Secret, 'data'>, key: string): MasterKeys {
  const text = (name: string) => Buffer.from(data?.[name] ?? '', 'base64').toString();
  return parseMasterKeys(text(key), text(previousName(key)));
}

const previousName = (key: string) => `previous-${key}`;

type Writing = Exclude<ReturnType<typeof decideKeyRotation>, { action: 'keep' }>;

/** The merge patch of a decision; undefined where it changes nothing. */
function describePatch({ settings, now }: KeyContext, secret: Secret, decision: Writing): object | undefined {
  const { key } = settings.masterKeySecret;
  const previous = previousName(key);
  const since = rfc3339(now());
  switch (decision.action) {
    case 'rotate': {
      const made = randomBytes(MASTER_KEY_BYTES);
      const annotations = {
        [ROTATED_FOR]: decision.request,
        [ROTATING_TO]: masterKeyId(made),
        [ROTATING_SINCE]: since,
      };
      return { data: { [key]: encodeKey(made), [previous]: secret.data?.[key] }, metadata: { annotations } };
    }
    case 'preserve':
      return { data: { [previous]: encodeKey(decision.previous) } };
    case 'note': {
      const annotations = { [ROTATING_TO]: masterKeyId(readMasterKeys(secret, key).current), [ROTATING_SINCE]: since };
      return { metadata: { annotations } };
    }
    case 'wait':
      if (secret.metadata.annotations?.[PROGRESS] === decision.progress) return undefined;
      return { metadata: { annotations: { [PROGRESS]: decision.progress } } };
    case 'finish': {
      const annotations = { [ROTATING_TO]: null, [ROTATING_SINCE]: null, [PROGRESS]: decision.progress };
      return { data: { [previous]: null }, metadata: { annotations } };
    }
  }
}

/** As the Secret's data has a key: base64 of its text, which is base64 as well. */
function encodeKey(key: Uint8Array): string {
  return Buffer.from(Buffer.from(key).toString('base64')).toString('base64');
}

async function listStores({ client }: Pick<Context, 'client'>, signal: AbortSignal): Promise<KVStore[]> {
  const stores: KVStore[] = [];
  let page: string | undefined;
  do {
    const answer = await client.list<KVStore & KubeObject>(kvStores, { limit: PAGE, continue: page, signal });
    stores.push(...answer.items);
    page = answer.continue;
  } while (page);
  return stores;
}
