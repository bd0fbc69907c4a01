import { isDeepStrictEqual } from 'node:util';
import { type MasterKeys, masterKeyId } from '../../contract/credentials.ts';
import { ROTATE_ANNOTATION } from '../../contract/labels.ts';
import type { KVStore } from '../../contract/objects.ts';
import { rfc3339 } from '../status/conditions.ts';
import { paused } from '../status/paused.ts';
import type { Secret } from './kinds.ts';

/** On the master key's Secret: the value of cubby.dev/rotate for which the key was made. */
export const ROTATED_FOR = 'cubby.dev/rotated-for';
/** On the Secret: name of the present key, and since when it has been there, RFC 3339; while there is a previous one. */
export const ROTATING_TO = 'cubby.dev/rotating-to';
export const ROTATING_SINCE = 'cubby.dev/rotating-since';
/** On the Secret: how far the rotation is, in words. */
export const PROGRESS = 'cubby.dev/rotation-progress';

/** Whether a Secret was changed in nothing but how far its rotation is, which whoever rotates has written himself. */
export function isProgressAlone(now: Secret, old: Secret): boolean {
  const rest = ({ data, metadata: { annotations = {}, deletionTimestamp } }: Secret) => {
    const { [PROGRESS]: _, ...others } = annotations;
    return { data, others, deletionTimestamp };
  };
  return now.metadata.uid === old.metadata.uid && isDeepStrictEqual(rest(now), rest(old));
}

/** What to do with the Secret of the master key now. */
export type KeyDecision =
  | { action: 'keep' }
  /** Make a new key, and keep the present one as the previous. */
  | { action: 'rotate'; request: string }
  /** Somebody replaced the key and did not keep the one before: keep it as the previous. */
  | { action: 'preserve'; previous: Uint8Array }
  /** Somebody wrote both keys: note since when. */
  | { action: 'note'; since: string }
  /** The previous key is still needed. */
  | { action: 'wait'; progress: string }
  /** The previous key has had its time, and all stores that are known accept the present one, or somebody removed it. */
  | { action: 'finish'; progress: string };

/**
 * Decides what to do: `found` is what the Secret holds, `known` what this process goes by, which may know of a key that
 * the Secret has lost. Only one rotation goes on at a time.
 */
export function decideKeyRotation(
  secret: Secret,
  found: MasterKeys,
  known: MasterKeys,
  stores: readonly KVStore[],
  overlapMs: number,
  now: Date,
): KeyDecision {
  const annotations = secret.metadata.annotations ?? {};
  const id = masterKeyId(found.current);
  if (!found.previous) {
    if (known.previous && masterKeyId(known.current) === id) return { action: 'preserve', previous: known.previous };
    // Else it would count as a rotation that is late, for ever.
    if (annotations[ROTATING_SINCE] !== undefined)
      return { action: 'finish', progress: 'the previous key is not in the Secret any more' };
    const request = annotations[ROTATE_ANNOTATION];
    const isNew = request !== undefined && request !== annotations[ROTATED_FOR];
    return isNew ? { action: 'rotate', request } : { action: 'keep' };
  }
  const since = Date.parse(annotations[ROTATING_SINCE] ?? '');
  if (annotations[ROTATING_TO] !== id || Number.isNaN(since)) return { action: 'note', since: rfc3339(now) };
  const { counted, waiting } = countStores(stores, id);
  const accept = `${counted - waiting.length} of ${counted} stores accept the new key`;
  if (waiting.length > 0) return { action: 'wait', progress: `${accept}; waiting for ${listed(waiting)}` };
  const end = since + overlapMs;
  if (now.getTime() < end)
    return { action: 'wait', progress: `${accept}; the old one is accepted until ${rfc3339(new Date(end))}` };
  return { action: 'finish', progress: `${accept}, and the old one is accepted no longer since ${rfc3339(now)}` };
}

/** The stores that have passwords, and those of them that are not known to accept the ones of the key called `id`. */
export function countStores(stores: readonly KVStore[], id: string): { counted: number; waiting: KVStore[] } {
  // One that was never taken over has no users yet; it will have those of the keys that there are then.
  const having = stores.filter(
    ({ metadata, status }) =>
      !metadata.deletionTimestamp && (status?.image !== undefined || status?.credentials?.masterKey),
  );
  return { counted: having.length, waiting: having.filter(({ status }) => status?.credentials?.masterKey !== id) };
}

/** So many stores are named; the rest are counted. */
const MOST_NAMED = 5;

function listed(waiting: readonly KVStore[]): string {
  const named = waiting.slice(0, MOST_NAMED).map((store) => {
    const { namespace, name } = store.metadata;
    return `${namespace}/${name} (${whyWaiting(store)})`;
  });
  const more = waiting.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function whyWaiting(store: KVStore): string {
  if (paused(store)) return 'Paused';
  const conditions = store.status?.conditions ?? [];
  const lost = conditions.find(({ type, reason }) => type === 'Ready' && reason.startsWith('ProjectId'));
  const trouble = lost ?? conditions.find(({ type, status }) => type === 'Degraded' && status === 'True');
  return trouble?.reason ?? store.status?.phase ?? 'Pending';
}
