import { CATALOGUE_VERSION_ANNOTATION, RESTART_HASH_ANNOTATION } from '../../contract/labels.ts';
import { type Accepted, type RestartInputs, restartHash } from '../resources/plan.ts';
import { isRunning, ownStatus } from '../status/pod.ts';
import { podTrouble } from '../status/pod-trouble.ts';
import { type Observed, ofMember } from './observe.ts';

/** How long a pod with a new image or scheduling may be in trouble before the old one comes back, in ms. */
const PATIENCE_MS = 60_000;
/** How long nothing may listen in such a pod, in ms. Longer, because it may wait for the one before it to end. */
const SILENCE_MS = 180_000;

/** Troubles that another image or other scheduling can cause; a lost node or a volume is none of them. */
const CAUSES = new Set(['ImageUnavailable', 'CrashLooping', 'StartFailed', 'Unschedulable']);

/**
 * With what Redis last ran, while it has not answered yet with `wanted`; undefined where there is nothing to go back
 * to. Once the new Redis has answered it may have written data that the old one cannot read.
 */
export function lastGood(observed: Observed, wanted: RestartInputs): Accepted['previous'] {
  const { store, accepted, statefulSet, pod } = observed;
  if (!accepted || store.status?.version === undefined) return undefined;
  const { image, scheduling, size, memory, cpu, previous } = accepted;
  const pending = hasAnswered(observed) ? undefined : previous;
  // That a store is replicated is no experiment: there is no way back from it.
  const always = wanted.replicated ? { replicated: true as const } : {};
  if (pending || restartHash({ ...accepted, ...always }) === restartHash(wanted)) return pending;
  const catalogueVersion = (statefulSet ?? pod)?.metadata.annotations?.[CATALOGUE_VERSION_ANNOTATION];
  return {
    image,
    scheduling,
    ...(size && { size }),
    ...always,
    memory,
    ...(cpu && { cpu }),
    ...(catalogueVersion !== undefined && { catalogueVersion }),
  };
}

/** Whether a pod with what was taken over last has been in trouble for too long, and there is something to go back to. */
export function failedToStart(observed: Observed, now: Date): boolean {
  if (!observed.accepted?.previous || hasAnswered(observed)) return false;
  return observed.members.some((member) => memberFailed(ofMember(observed, member), now));
}

function memberFailed(observed: Observed, now: Date): boolean {
  const { pod } = observed;
  if (!pod || !isFor(observed)) return false;
  const age = now.getTime() - Date.parse(pod.metadata.creationTimestamp ?? '');
  if (age >= PATIENCE_MS && CAUSES.has(podTrouble(pod, now)?.reason ?? '')) return true;
  return age >= SILENCE_MS && isSilent(observed);
}

/** A process runs that is no Redis, or never comes to listen: one that loads its data answers that it does. */
function isSilent({ pod, redis }: Pick<Observed, 'pod' | 'redis'>): boolean {
  if (!pod || !isRunning(pod) || ownStatus(pod)?.started === true) return false;
  return redis !== undefined && 'down' in redis && redis.down;
}

/** A Redis that reads its data has not written yet, and may still fail to. */
function hasAnswered({ accepted, members }: Observed): boolean {
  return members.some(
    ({ pod, redis }) => redis !== undefined && 'look' in redis && !redis.look.info.loading && isFor({ accepted, pod }),
  );
}

/** Whether the pod was made with the image and the scheduling that were accepted last. */
export function isFor({ accepted, pod }: Pick<Observed, 'accepted' | 'pod'>): boolean {
  return accepted !== undefined && pod?.metadata.annotations?.[RESTART_HASH_ANNOTATION] === restartHash(accepted);
}
