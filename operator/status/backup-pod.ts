import { BACKUP_EXIT, type BackupData, type BackupFailure } from '../../contract/backup.ts';
import { BACKUP_CONTAINER } from '../../contract/names.ts';
import { readBackupResult } from './backup-result.ts';
import type { Finding } from './finding.ts';
import type { Pod } from './pod.ts';

/** How far a backup pod is. */
export type BackupPodState =
  /** It has not begun; `why` where the pod tells. */
  | { state: 'waiting'; why?: string }
  | { state: 'running'; ip: string | undefined }
  | { state: 'done'; data: BackupData | undefined }
  /** `again`: another try may help. */
  | { state: 'failed'; again: boolean; failure: Finding<BackupFailure | 'PodEnded'>; endedAt: number };

/** How long a pod may wait for its image, its volumes and a node, in ms, before another is tried. */
const START_MS = 10 * 60_000;

/** Reads the state of a backup pod. One that has not begun for START_MS has failed. */
export function readBackupPod(pod: Pod, now: Date): BackupPodState {
  const { phase, podIP, reason, message, conditions, containerStatuses } = pod.status ?? {};
  const status = containerStatuses?.find(({ name }) => name === BACKUP_CONTAINER);
  const created = Date.parse(pod.metadata.creationTimestamp ?? '');
  const ended = status?.state?.terminated;
  if (ended) {
    const result = readBackupResult(ended.message);
    if (result?.ok && ended.exitCode === BACKUP_EXIT.done) return { state: 'done', data: result.data };
    const told: Finding<BackupFailure> | undefined =
      result && !result.ok ? { reason: result.reason, message: result.message } : undefined;
    const endedAt = ended.finishedAt === undefined ? created : Date.parse(ended.finishedAt);
    const again = !told || ended.exitCode === BACKUP_EXIT.again;
    return { state: 'failed', again, failure: told ?? podEnded(reason ?? ended.reason ?? '', message), endedAt };
  }
  if (phase === 'Failed' || phase === 'Succeeded')
    return { state: 'failed', again: true, failure: podEnded(reason ?? phase, message), endedAt: created };
  if (status?.state?.running) return { state: 'running', ip: podIP };
  const unscheduled = conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  const waits = status?.state?.waiting;
  const why = unscheduled?.message ?? (waits?.message ? `${waits.reason}: ${waits.message}` : undefined);
  if (now.getTime() - created < START_MS) return { state: 'waiting', ...(why !== undefined && { why }) };
  const late = `its pod did not begin within ${START_MS / 60_000} minutes${why === undefined ? '' : `: ${why}`}`;
  return { state: 'failed', again: true, failure: { reason: 'PodEnded', message: late }, endedAt: created + START_MS };
}

function podEnded(reason: string, message = ''): Finding<'PodEnded'> {
  const why = [reason, message].filter((part) => part !== '').join(': ');
  return { reason: 'PodEnded', message: `its pod ended without a result (${why || 'no reason given'})` };
}
