import { CATALOGUE_VERSION_ANNOTATION, RESTART_HASH_ANNOTATION } from '../../contract/labels.ts';
import { type Accepted, type RestartInputs, restartHash } from '../resources/plan.ts';
import { podTrouble } from '../status/pod-trouble.ts';
import type { Observed } from './observe.ts';

/** How long a pod with a new image or scheduling may be in trouble before the old one comes back, in ms. */
const PATIENCE_MS = 60_000;

/** Troubles that another image or other scheduling can cause; a lost node or a volume is none of them. */
const CAUSES = new Set(['ImageUnavailable', 'CrashLooping', 'StartFailed', 'Unschedulable']);

/**
 * With what Redis last ran, while it has not answered yet with `wanted`; undefined where there is nothing to go back
 * to. Once the new Redis has answered it may have written data that the old one cannot read.
 */
export function lastGood(observed: Observed, wanted: RestartInputs): Accepted['previous'] {
  const { store, accepted, statefulSet } = observed;
  if (!accepted || store.status?.version === undefined) return undefined;
  const { image, scheduling, previous } = accepted;
  const pending = hasAnswered(observed) ? undefined : previous;
  if (pending || restartHash(accepted) === restartHash(wanted)) return pending;
  const catalogueVersion = statefulSet?.metadata.annotations?.[CATALOGUE_VERSION_ANNOTATION];
  return { image, scheduling, ...(catalogueVersion !== undefined && { catalogueVersion }) };
}

/** Whether the pod with what was taken over last has been in trouble for too long, and there is something to go back to. */
export function failedToStart(observed: Observed, now: Date): boolean {
  const { accepted, pod } = observed;
  if (!accepted?.previous || !pod || hasAnswered(observed) || !isFor(observed)) return false;
  const age = now.getTime() - Date.parse(pod.metadata.creationTimestamp ?? '');
  return age >= PATIENCE_MS && CAUSES.has(podTrouble(pod, now)?.reason ?? '');
}

function hasAnswered(observed: Observed): boolean {
  return observed.redis !== undefined && 'look' in observed.redis && isFor(observed);
}

function isFor({ accepted, pod }: Observed): boolean {
  return accepted !== undefined && pod?.metadata.annotations?.[RESTART_HASH_ANNOTATION] === restartHash(accepted);
}
