import { RESTART_HASH_ANNOTATION } from '../../contract/labels.ts';
import { type RestartInputs, restartHash } from '../resources/plan.ts';
import { versionOf } from '../resources/preflight-pod.ts';
import type { Finding } from '../status/finding.ts';
import type { Pod } from '../status/pod.ts';
import { podTrouble } from '../status/pod-trouble.ts';

/** What the preflight pod has shown so far. */
export type PreflightResult =
  | { state: 'missing' }
  /** A pod for other inputs is there and must go first. */
  | { state: 'stale' }
  | { state: 'running' }
  | { state: 'failed'; refusal: Finding<'ImageUnavailable' | 'Unschedulable'> }
  | { state: 'passed'; version: string };

/** Reads the preflight pod for these inputs. */
export function readPreflight(pod: Pod | undefined, inputs: RestartInputs, now: Date): PreflightResult {
  if (!pod) return { state: 'missing' };
  const isFor = pod.metadata.annotations?.[RESTART_HASH_ANNOTATION];
  if (isFor !== restartHash(inputs) || pod.metadata.deletionTimestamp !== undefined) return { state: 'stale' };
  const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
  const version = versionOf(ended?.message ?? '');
  if (ended?.exitCode === 0 && version !== undefined) return { state: 'passed', version };
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
