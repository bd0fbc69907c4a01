import type { BackupData, BackupResult } from '../../contract/backup.ts';
import { BACKUP_EXIT } from '../../contract/backup.ts';
import { BACKUP_CONTAINER } from '../../contract/names.ts';
import { CHECK_CONTAINER, JOB_ANNOTATION } from '../resources/restore-pod.ts';
import { isTerminating, type Pod } from '../status/pod.ts';
import { podTrouble } from '../status/pod-trouble.ts';

/** How the job on the volume of a store goes. */
export type JobSeen =
  | { state: 'missing' }
  /** A pod for something else is there and must go first. */
  | { state: 'stale' }
  /** `trouble` is what keeps its pod from running. */
  | { state: 'running'; trouble?: string }
  | { state: 'done'; data: BackupData | undefined }
  /** `again` where the same try later may succeed. */
  | { state: 'failed'; again: boolean; reason: string; message: string };

/** Reads the pod that works on the volume, for the job of that digest. */
export function readJob(pod: Pod | undefined, digest: string, now: Date): JobSeen {
  if (!pod) return { state: 'missing' };
  if (pod.metadata.annotations?.[JOB_ANNOTATION] !== digest || isTerminating(pod)) return { state: 'stale' };
  const { initContainerStatuses = [], containerStatuses = [], phase, reason, message } = pod.status ?? {};
  const statuses = [...initContainerStatuses, ...containerStatuses];
  const ended = (container: string) => statuses.find(({ name }) => name === container)?.state?.terminated;
  const job = ended(BACKUP_CONTAINER);
  const check = ended(CHECK_CONTAINER);
  const result = job && parseResult(job.message);
  if (result?.ok === false)
    return {
      state: 'failed',
      again: job?.exitCode === BACKUP_EXIT.again,
      reason: result.reason,
      message: result.message,
    };
  const hasCheck = pod.spec.containers.some(({ name }) => name === CHECK_CONTAINER);
  if (result?.ok && (!hasCheck || check?.exitCode === 0)) return { state: 'done', data: result.data };
  if (result?.ok && check && phase === 'Failed' && check.reason !== 'OOMKilled')
    return {
      state: 'failed',
      again: check.exitCode > 128,
      reason: 'Unreadable',
      message: `the store's Redis cannot read the backup; set spec.version or spec.image to that of the backup or newer: ${lastLines(check.message)}`,
    };
  // Ended by its node, for lack of memory, or without a word.
  if (phase === 'Failed' || (job && job.exitCode !== 0)) {
    const why = [reason, message, job?.reason, check?.reason].filter(Boolean).join(': ');
    return { state: 'failed', again: true, reason: 'PodFailed', message: `the pod ended without a result (${why})` };
  }
  const waiting = statuses.find(({ state }) => /Image|^Create|^RunContainer/.test(state?.waiting?.reason ?? ''));
  const { reason: why = '', message: words = '' } = waiting?.state?.waiting ?? {};
  const trouble = why && why !== 'ContainerCreating' ? `${why}: ${words}` : podTrouble(pod, now)?.message;
  return trouble ? { state: 'running', trouble } : { state: 'running' };
}

/** Redis' words come last; what is before them is of what it read well. */
function lastLines(text = ''): string {
  return text.trim().split('\n').slice(-3).join(' ').slice(-400);
}

function parseResult(text: string | undefined): BackupResult | undefined {
  try {
    const result = JSON.parse(text ?? 'null') as BackupResult | null;
    return typeof result?.ok === 'boolean' ? result : undefined;
  } catch {
    return undefined;
  }
}
