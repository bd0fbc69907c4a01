import { RESTART_HASH_ANNOTATION } from '../../contract/labels.ts';
import { type RestartInputs, restartHash } from '../resources/plan.ts';
import { versionOf } from '../resources/preflight-pod.ts';
import type { Finding } from '../status/finding.ts';
import { ownStatus, type Pod } from '../status/pod.ts';
import { podTrouble } from '../status/pod-trouble.ts';

/** What the preflight pod has shown so far. */
export type PreflightResult =
  | { state: 'missing' }
  /** A pod for other inputs, or one that the node ended, is there and must go first. */
  | { state: 'stale' }
  /** `why` the node ended it, where it did: another one is tried in a while. */
  | { state: 'running'; why?: string }
  | { state: 'failed'; refusal: Finding<'ImageUnavailable' | 'Unschedulable'> }
  | { state: 'passed'; version: string };

/** How long a pod that its node refused or evicted stays before another is tried, in ms. */
const RETRY_MS = 30_000;

/** Reads the preflight pod for these inputs. */
export function readPreflight(pod: Pod | undefined, inputs: RestartInputs, now: Date): PreflightResult {
  if (!pod) return { state: 'missing' };
  const isFor = pod.metadata.annotations?.[RESTART_HASH_ANNOTATION];
  if (isFor !== restartHash(inputs) || pod.metadata.deletionTimestamp !== undefined) return { state: 'stale' };
  const ended = ownStatus(pod)?.state?.terminated;
  const version = versionOf(ended?.message ?? '');
  if (ended?.exitCode === 0 && version !== undefined) return { state: 'passed', version };
  const { phase, reason, message } = pod.status ?? {};
  // A failed pod has a reason where its node ended it (OutOfpods, Evicted, NodeShutdown): that says nothing of the image.
  if (phase === 'Failed' && reason !== undefined) {
    const age = now.getTime() - Date.parse(pod.metadata.creationTimestamp ?? '');
    return age >= RETRY_MS ? { state: 'stale' } : { state: 'running', why: `${reason}: ${message ?? ''}` };
  }
  if (ended) return fail('ImageUnavailable', noRedis(inputs.image, ended.message ?? ended.reason ?? ''));
  const trouble = podTrouble(pod, now);
  if (trouble?.reason === 'ImageUnavailable' || trouble?.reason === 'Unschedulable')
    return fail(trouble.reason, trouble.message);
  if (trouble) return fail('ImageUnavailable', noRedis(inputs.image, trouble.message));
  return { state: 'running' };
}

function noRedis(image: string, why: string): string {
  return `the image ${image} does not run redis-server here; correct spec.image or spec.version (${why.trim()})`;
}

function fail(reason: 'ImageUnavailable' | 'Unschedulable', message: string): PreflightResult {
  return { state: 'failed', refusal: { reason, message: `${message}; the store goes on as it was` } };
}
