import type { KVBackupStatus } from '../../contract/kvbackup.gen.ts';
import { FINAL_LABEL } from '../../contract/labels.ts';
import type { KVBackup } from '../../contract/objects.ts';
import type { ReconcileResult } from '../../kube/controller.ts';
import { parseKey } from '../../kube/object.ts';
import { placeOf } from '../resources/backup-place.ts';
import { type BackupPodState, readBackupPod } from '../status/backup-pod.ts';
import { type BackupEndReason, backupStatus, completedStatus } from '../status/backup-status.ts';
import { rfc3339 } from '../status/conditions.ts';
import type { Finding } from '../status/finding.ts';
import { leaveTurn } from './backup-access.ts';
import { keepFinalizer, removeStored } from './backup-deletion.ts';
import { attemptOf, createJob, jobPod, removePod } from './backup-jobs.ts';
import { type BackupPlan, planBackup } from './backup-plan.ts';
import { readProgress } from './backup-progress.ts';
import type { BackupRun } from './backup-run.ts';
import { openSource } from './backup-source.ts';
import { verifyStored } from './backup-verification.ts';
import type { Context } from './context.ts';
import { kvBackups, type Pod } from './kinds.ts';
import { reportStatus, statusOf } from './report.ts';

/** Pauses before the second attempt and those that follow, in ms; no attempt follows the last. */
const PAUSES_MS = [10_000, 30_000, 90_000, 270_000];
/** From its first attempt a backup has so long, in ms, however often its pod is taken away. */
const LIMIT_MS = 24 * 3_600_000;
/** How soon to ask a pod again how far it is, in ms: each answer is a write. */
const PROGRESS_MS = 15_000;

/** Brings the backup called `key` ("namespace/name") on by one step, as far as it can go now, and reports. */
export async function reconcileBackup(
  context: Context,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const cached = context.caches.backups.get(parseKey(key));
  if (!cached) return undefined; // its pods and its Secret go with it
  const status = statusOf(cached);
  const backup: KVBackup = status ? { ...cached, status } : cached;
  const run: BackupRun = {
    context,
    backup,
    signal,
    report: (next, options) =>
      reportStatus(
        context,
        kvBackups,
        cached,
        next,
        signal,
        options?.first ? cached.metadata.resourceVersion : undefined,
      ),
  };
  if (cached.metadata.deletionTimestamp) return removeStored(run);
  if (await keepFinalizer(context, cached, signal)) return { requeueAfterMs: 100 };
  if (status?.phase === 'Completed') return finish(run);
  if (status?.phase === 'Failed') return leaveTurn(context, backup, signal).then(() => undefined);
  return advance(run);
}

/** What is left to do for a backup that is stored. */
async function finish(run: BackupRun): Promise<ReconcileResult | undefined> {
  const { context, backup, signal } = run;
  const pod = jobPod(context, backup, 'backup');
  if (pod) await removePod(context, pod, signal);
  await leaveTurn(context, backup, signal);
  if (backup.metadata.labels?.[FINAL_LABEL] !== undefined) return verifyStored(run);
  return undefined;
}

async function advance(run: BackupRun): Promise<ReconcileResult | undefined> {
  const { context, backup, signal } = run;
  const { attempts = 0, startedAt } = backup.status ?? {};
  const now = context.now();
  const pod = jobPod(context, backup, 'backup');
  const seen = pod && readBackupPod(pod, now);
  const isLate = startedAt !== undefined && now.getTime() - Date.parse(startedAt) > LIMIT_MS;
  // What was stored in time is whole, however late it is seen.
  if (isLate && seen?.state !== 'done') {
    if (pod && seen?.state !== 'failed') await removePod(context, pod, signal);
    return giveUp(run, { reason: 'TimedOut', message: 'it was not complete within 24 hours; create another KVBackup' });
  }
  if (!pod || !seen) return begin(run, Math.max(attempts, 1));
  if (pod.metadata.deletionTimestamp || attemptOf(pod) < attempts) {
    await removePod(context, pod, signal);
    return { requeueAfterMs: PROGRESS_MS }; // sooner when it is gone
  }
  return judge(run, pod, seen);
}

/** What the pod of the present attempt has come to. */
async function judge(run: BackupRun, pod: Pod, seen: BackupPodState): Promise<ReconcileResult | undefined> {
  const { context, backup } = run;
  const { attempts = 1 } = backup.status ?? {};
  const now = context.now();
  if (seen.state === 'done') {
    if (!seen.data) return giveUp(run, { reason: 'Failed', message: 'its pod did not say what it has stored' });
    await run.report(completedStatus(backup, seen.data, rfc3339(now), now));
    return { requeueAfterMs: 100 };
  }
  if (seen.state === 'failed') {
    const pause = PAUSES_MS[attempts - 1];
    if (!seen.again || pause === undefined) return giveUp(run, seen.failure);
    await leaveTurn(context, backup, run.signal);
    const leftMs = seen.endedAt + pause - now.getTime();
    if (leftMs <= 0) return begin(run, attempts + 1, pod);
    const message = `attempt ${attempts} of ${PAUSES_MS.length + 1} failed and another follows: ${seen.failure.message}`;
    await run.report(backupStatus(backup, {}, { reason: 'Retrying', message }, now));
    return { requeueAfterMs: leftMs };
  }
  const bytes = seen.state === 'running' && seen.ip !== undefined ? await readProgress(seen.ip) : undefined;
  const why =
    seen.state === 'waiting' ? `its pod is about to start${seen.why === undefined ? '' : `: ${seen.why}`}` : undefined;
  const message = why ?? 'the data is being stored';
  const progress = bytes === undefined ? backup.status?.progress : { bytes };
  await run.report(backupStatus(backup, progress ? { progress } : {}, { reason: 'Running', message }, now));
  return { requeueAfterMs: PROGRESS_MS };
}

/** Begins an attempt, or says what it waits for. `before` is the pod of the one before, which must go first. */
async function begin(run: BackupRun, attempt: number, before?: Pod): Promise<ReconcileResult | undefined> {
  const { context, backup, signal } = run;
  const { namespace } = backup.metadata;
  const store = context.caches.stores.get({ namespace, name: backup.spec.storeRef.name });
  const isFinal = backup.metadata.labels?.[FINAL_LABEL] !== undefined;
  const planned = planBackup(backup, store, isFinal);
  if ('end' in planned) return giveUp(run, planned.end);
  const source = 'wait' in planned ? planned : await openSource(context, backup, planned.plan.store, signal);
  if ('wait' in source) {
    const { againInMs, reason, message } = source.wait;
    if ('wait' in planned) await leaveTurn(context, backup, signal);
    const phase = backup.status?.phase ?? 'Pending';
    await run.report(backupStatus(backup, { phase }, { reason, message }, context.now()));
    return { requeueAfterMs: againInMs };
  }
  const { plan } = planned as { plan: BackupPlan };
  const { redis, secret: redisSecret } = source.opened;
  const shards = 'host' in redis ? undefined : redis.length;
  const status = begunStatus(backup, plan, shards, attempt, context.now());
  await run.report(status, { first: true });
  if (before) {
    await removePod(context, before, signal);
    return { requeueAfterMs: 1_000 }; // sooner when it is gone
  }
  const { location } = plan;
  const { uid, name } = plan.store.metadata;
  const projectId = status.source?.projectId ?? '';
  const job = {
    verb: 'backup',
    place: placeOf(location),
    redis,
    source: { namespace, store: name, uid, projectId },
  } as const;
  const { target, encryption } = location;
  const refusal = await createJob(context, backup, 'backup', attempt, { job, target, encryption, redisSecret }, signal);
  if (!refusal) return { requeueAfterMs: PROGRESS_MS };
  if (refusal.reason === 'NamespaceEnding') return giveUp(run, { ...refusal, reason: refusal.reason });
  await run.report(backupStatus({ ...backup, status }, {}, { ...refusal, reason: 'PodRefused' }, context.now()));
  return { requeueAfterMs: PROGRESS_MS };
}

function begunStatus(
  backup: KVBackup,
  { store, location }: BackupPlan,
  shards: number | undefined,
  attempt: number,
  now: Date,
): KVBackupStatus {
  const projectId = store.status?.projectId;
  const changes: Partial<KVBackupStatus> = {
    phase: 'Running',
    startedAt: backup.status?.startedAt ?? rfc3339(now),
    attempts: attempt,
    location: location as unknown as NonNullable<KVBackupStatus['location']>,
    ...(shards !== undefined && { shards }),
    source: { uid: store.metadata.uid, ...(projectId !== undefined && { projectId }) },
  };
  return backupStatus(backup, changes, { reason: 'Running', message: 'the data is being stored' }, now);
}

/** The pod of the last attempt stays, for its log. */
async function giveUp(run: BackupRun, failure: Finding<BackupEndReason>): Promise<undefined> {
  const { context, backup, signal } = run;
  await run.report(backupStatus(backup, { phase: 'Failed' }, failure, context.now()));
  await leaveTurn(context, backup, signal);
}
