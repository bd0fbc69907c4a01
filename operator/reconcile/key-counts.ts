import { keyOf } from '../../kube/object.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import type { RedisInfo } from '../redis/info.ts';
import type { Finding } from '../status/finding.ts';
import { isTerminating } from '../status/pod.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import type { VolumeClaim } from './kinds.ts';
import type { Observed } from './observe.ts';
import { isFor } from './rollback.ts';

/** On a volume claim: the keys that Redis had when the operator stopped it, as JSON, until they are found again. */
export const KEYS_ANNOTATION = 'cubby.dev/keys-at-stop';

/** What Redis had when it was stopped. */
export interface KeysAtStop {
  /** UID of the pod that was stopped. */
  pod: string;
  version: string;
  all: number;
  expiring: number;
  /** They were looked for and not found. */
  missing?: true;
}

/** Reads what was noted; undefined where nothing was, or somebody wrote over it. */
export function readKeysAtStop(claim: VolumeClaim | undefined): KeysAtStop | undefined {
  try {
    const noted = JSON.parse(claim?.metadata.annotations?.[KEYS_ANNOTATION] ?? 'null') as KeysAtStop | null;
    const whole = typeof noted?.all === 'number' && typeof noted.expiring === 'number';
    return whole ? noted : undefined;
  } catch {
    return undefined;
  }
}

/** Notes on the claim what Redis has, right before the operator stops it. */
export async function noteKeys(
  { client }: Pick<Context, 'client'>,
  { claim, pod, redis }: Pick<Observed, 'claim' | 'pod' | 'redis'>,
  signal: AbortSignal,
): Promise<void> {
  if (!claim || !pod || !redis || !('look' in redis) || redis.look.info.loading) return;
  const { version, keys } = redis.look.info;
  await annotate(client, claim, { pod: pod.metadata.uid ?? '', version, ...keys }, signal);
}

/**
 * Compares the keys of a Redis that was started with those of the one that was stopped, tells the outcome by an Event
 * once, and goes on to report keys that are missing until they are back or the annotation is removed.
 */
export async function compareKeys(
  { client, events }: Pick<Context, 'client' | 'events'>,
  { store, accepted, claim, pod, redis }: Pick<Observed, 'store' | 'accepted' | 'claim' | 'pod' | 'redis'>,
  signal: AbortSignal,
): Promise<{ troubles: Finding<'KeysMissing'>[] }> {
  const before = readKeysAtStop(claim);
  if (!before || !claim || !pod) return { troubles: [] };
  if (before.pod === pod.metadata.uid) {
    // It was not stopped after all.
    if (store.spec.enabled && isFor({ accepted, pod }) && !isTerminating(pod))
      await annotate(client, claim, null, signal);
    return { troubles: [] };
  }
  if (!redis || !('look' in redis) || redis.look.info.loading) return { troubles: [] };
  const { version, keys } = redis.look.info;
  const found = `Redis ${version} has ${describe(keys)}, and Redis ${before.version} had ${describe(before)} when it was stopped`;
  if (isMissing(before, keys) && !store.spec.evictionPolicy.startsWith('allkeys')) {
    if (!before.missing) await annotate(client, claim, { ...before, missing: true }, signal);
    const message = `${found}; where nobody deleted them, restore a backup; to accept it, remove the annotation ${KEYS_ANNOTATION} from the claim ${claim.metadata.name}`;
    return { troubles: [{ reason: 'KeysMissing', message }] };
  }
  await annotate(client, claim, null, signal);
  events.record(store, 'Normal', 'KeysCompared', found);
  return { troubles: [] };
}

/** Clients write until Redis ends and as soon as it answers again: as many keys may be gone as they can delete meanwhile. */
const DELETED_MEANWHILE = 100;
const DELETED_SHARE = 0.01;

/**
 * Whether keys without an expiry are gone that clients cannot have deleted around the restart: more than a hundred and
 * than one in a hundred, or all that there were.
 */
export function isMissing(before: RedisInfo['keys'], now: RedisInfo['keys']): boolean {
  const [had, has] = [before.all - before.expiring, now.all - now.expiring];
  if (had > 0 && now.all === 0) return true;
  return had - has > Math.max(DELETED_MEANWHILE, had * DELETED_SHARE);
}

function describe({ all, expiring }: RedisInfo['keys']): string {
  return `${all} keys (${expiring} of them with an expiry)`;
}

async function annotate(
  client: Context['client'],
  claim: VolumeClaim,
  noted: KeysAtStop | null,
  signal: AbortSignal,
): Promise<void> {
  const annotations = { [KEYS_ANNOTATION]: noted && JSON.stringify(noted) };
  if (claim.metadata.annotations?.[KEYS_ANNOTATION] === annotations[KEYS_ANNOTATION]) return;
  const options = { type: 'merge', fieldManager: FIELD_MANAGER, signal } as const;
  await client.patch(persistentVolumeClaims, keyOf(claim), { metadata: { annotations } }, options);
}
