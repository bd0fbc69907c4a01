import { aclPasswordHash } from '../../contract/credentials.ts';
import { childNames } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import { parseTime } from '../../contract/time.ts';
import { isConflict } from '../../kube/errors.ts';
import { controllerOf } from '../../kube/object.ts';
import { secrets } from '../../kube/resources.ts';
import type { GuestChange } from '../resources/acl.ts';
import { NATIVE_ACCESS_ANNOTATION } from '../resources/plan.ts';
import type { Context } from './context.ts';
import { kvStores } from './kinds.ts';
import type { Observed } from './observe.ts';
import { reportStatus } from './report.ts';
import type { Shell } from './shell.ts';

/**
 * The password that the Secret of native access is to have, of those that lead in or soon will, the newest first: the
 * newest that Redis takes already, so that no program reads one that is refused.
 */
export function publishedPassword(
  secrets: Context['caches']['secrets'],
  { store, redis }: Pick<Observed, 'store' | 'redis'>,
  passwords: readonly string[],
): string {
  const [newest = ''] = passwords;
  const accepted = redis && 'look' in redis ? redis.look.users.passwords.get('native') : undefined;
  if (accepted) return passwords.find((password) => accepted.includes(`#${aclPasswordHash(password)}`)) ?? newest;
  const { name, namespace } = store.metadata;
  const secret = secrets.get({ namespace, name: childNames(name).accessSecret });
  const published = Buffer.from(secret?.data?.password ?? '', 'base64').toString();
  return passwords.find((password) => password === published) ?? newest;
}

/** Since when programs may have written to the store by themselves, as its status or its volume has it: RFC 3339. */
function nativeAccessSince({ store, claim }: Pick<Observed, 'store' | 'claim'>): string | undefined {
  const onVolume = claim?.metadata.annotations?.[NATIVE_ACCESS_ANNOTATION];
  const known = onVolume !== undefined && parseTime(onVolume) !== undefined ? onVolume : undefined;
  return store.status?.nativeAccessSince ?? known;
}

/**
 * Notes in the status that programs may write to the store, before any of them can: what they wrote must be known for
 * what it is even where the operator ends at once, and access is off when the next one looks.
 */
export async function noteNativeAccess<T extends Pick<Observed, 'store' | 'claim'>>(
  context: Pick<Context, 'client' | 'events' | 'now'>,
  cached: KVStore,
  observed: T,
  shell: Shell,
  signal: AbortSignal,
): Promise<T> {
  const { store } = observed;
  const isOpen = store.spec.access?.redis === true || shell.passwordHash !== undefined;
  const since = nativeAccessSince(observed) ?? (isOpen ? context.now().toISOString() : undefined);
  if (since === undefined || store.status?.nativeAccessSince === since) return observed;
  const status = { ...store.status, nativeAccessSince: since };
  await reportStatus(context, kvStores, cached, status, signal);
  return { ...observed, store: { ...store, status } };
}

/** Removes the Secret of native access where it is off. One that is not the store's is left alone. */
export async function removeAccess(
  { client, caches }: Pick<Context, 'client' | 'caches'>,
  { metadata, spec }: KVStore,
  signal: AbortSignal,
): Promise<void> {
  if (spec.access?.redis) return;
  const key = { namespace: metadata.namespace, name: childNames(metadata.name).accessSecret };
  const secret = caches.secrets.get(key);
  if (!secret || secret.metadata.deletionTimestamp || controllerOf(secret)?.uid !== metadata.uid) return;
  try {
    await client.delete(secrets, key, { preconditions: { uid: secret.metadata.uid }, signal });
  } catch (error) {
    if (!isConflict(error)) throw error; // another Secret by now: look again when the cache shows it
  }
}

/** Tells by an Event that a person or a program was let in or sent out of a running Redis. */
export function tellGuest(
  { events }: Pick<Context, 'events'>,
  store: KVStore,
  { name, known, set }: GuestChange,
  until: number | undefined,
): void {
  const tell = (reason: string, message: string) => events.record(store, 'Normal', reason, message);
  const isIn = set.length > 0;
  if (name === 'backup') return; // the KVBackup tells
  const end = until === undefined ? '' : new Date(until).toISOString();
  if (name === 'shell' && isIn) tell('ShellOpened', `Redis takes the user shell until ${end}`);
  else if (name === 'shell') tell('ShellClosed', 'the Redis user shell is gone, and his connections are closed');
  else if (isIn && known) tell('AccessRenewed', 'the passwords of the Redis user native have changed');
  else if (isIn) tell('AccessOpened', 'Redis takes the user native');
  else tell('AccessClosed', 'the Redis user native is gone, and his connections are closed');
}
