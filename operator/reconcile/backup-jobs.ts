import type { BackupFailure } from '../../contract/backup.ts';
import { BACKUP_LABEL } from '../../contract/labels.ts';
import type { KVBackup } from '../../contract/objects.ts';
import { isAlreadyExists, isConflict, isForbidden, isInvalid, isNamespaceEnding } from '../../kube/errors.ts';
import { controllerOf, controllerReference, type KubeObject, keyOf } from '../../kube/object.ts';
import { pods } from '../../kube/resources.ts';
import { type BackupPodOptions, backupPod } from '../resources/backup-pod.ts';
import { type BackupPodState, readBackupPod } from '../status/backup-pod.ts';
import type { Finding } from '../status/finding.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import type { Pod } from './kinds.ts';

/** What the pods of a backup do, which ends their names. */
export type JobName = 'backup' | 'verify' | 'delete';

/** Why there is no pod: `NamespaceEnding` for good, the other until something changes. */
export type PodRefusal = Finding<'PodRefused' | 'NamespaceEnding'>;

/** On a pod: which attempt it is. */
const ATTEMPT_ANNOTATION = 'cubby.dev/attempt';

/** The pod of a backup that does this, where there is one. */
export function jobPod({ caches }: Pick<Context, 'caches'>, { metadata }: KVBackup, job: JobName): Pod | undefined {
  const pod = caches.pods.get({ namespace: metadata.namespace, name: `${metadata.name}-${job}` });
  return pod && controllerOf(pod)?.uid === metadata.uid ? pod : undefined;
}

/** Which attempt a pod is. */
export function attemptOf({ metadata }: Pod): number {
  return Number(metadata.annotations?.[ATTEMPT_ANNOTATION] ?? 1);
}

/** Makes the pod of an attempt; one that is there already does as well. */
export async function createJob(
  { client, settings }: Pick<Context, 'client' | 'settings'>,
  backup: KVBackup,
  job: JobName,
  attempt: number,
  options: Pick<BackupPodOptions, 'job' | 'target' | 'encryption' | 'redisSecret'>,
  signal: AbortSignal,
): Promise<PodRefusal | undefined> {
  const { name, namespace } = backup.metadata;
  const manifest = backupPod({
    ...options,
    name: `${name}-${job}`,
    namespace,
    store: backup.spec.storeRef.name,
    image: settings.image,
    pullSecrets: settings.backupPullSecrets,
    labels: { [BACKUP_LABEL]: name },
    annotations: { [ATTEMPT_ANNOTATION]: String(attempt) },
  });
  const metadata = { ...manifest.metadata, ownerReferences: [controllerReference(backup)] };
  try {
    await client.create<KubeObject>(pods, { ...manifest, metadata }, { fieldManager: FIELD_MANAGER, signal });
    return undefined;
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    if (isNamespaceEnding(error)) return { reason: 'NamespaceEnding', message: 'the namespace is being deleted' };
    if (!isForbidden(error) && !isInvalid(error)) throw error;
    const message = `its pod is refused; raise the namespace's quota or change its policies: ${error.message}`;
    return { reason: 'PodRefused', message };
  }
}

/** Removes a pod that has done its work, or is to do it no longer. */
export async function removePod({ client }: Pick<Context, 'client'>, pod: Pod, signal: AbortSignal): Promise<void> {
  if (pod.metadata.deletionTimestamp) return;
  try {
    await client.delete(pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid }, signal });
  } catch (error) {
    if (!isConflict(error)) throw error; // another pod of its name
  }
}

/** What came of a job that is tried until it is done, or cannot be done. */
export type JobOutcome =
  | { state: 'working'; why?: string | undefined; againInMs: number }
  | Extract<BackupPodState, { state: 'done' }>
  | { state: 'failed'; failure: Finding<BackupFailure | 'PodEnded' | 'NamespaceEnding'> };

/** Between two tries of a job, in ms. */
const RETRY_MS = 30_000;
/** How soon to look again at what no watch tells of, in ms. */
const LOOK_MS = 15_000;

/** Brings a job on by one step: makes its pod, waits for it, or makes another one a while after it has failed. */
export async function workOff(
  context: Pick<Context, 'client' | 'caches' | 'settings' | 'now'>,
  backup: KVBackup,
  job: JobName,
  options: Parameters<typeof createJob>[4],
  signal: AbortSignal,
): Promise<JobOutcome> {
  const pod = jobPod(context, backup, job);
  if (!pod) {
    const refusal = await createJob(context, backup, job, 1, options, signal);
    if (refusal?.reason === 'NamespaceEnding')
      return { state: 'failed', failure: { ...refusal, reason: 'NamespaceEnding' } };
    return { state: 'working', why: refusal?.message, againInMs: LOOK_MS };
  }
  if (pod.metadata.deletionTimestamp) return { state: 'working', againInMs: LOOK_MS };
  const seen = readBackupPod(pod, context.now());
  if (seen.state === 'done') return seen;
  if (seen.state !== 'failed')
    return { state: 'working', why: 'why' in seen ? seen.why : undefined, againInMs: LOOK_MS };
  if (!seen.again) return { state: 'failed', failure: seen.failure };
  const leftMs = seen.endedAt + RETRY_MS - context.now().getTime();
  if (leftMs <= 0) await removePod(context, pod, signal); // another one comes when it is gone
  return { state: 'working', why: seen.failure.message, againInMs: Math.max(leftMs, 1_000) };
}
