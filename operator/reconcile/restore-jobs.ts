import { sumParts } from '../../contract/backup-parts.ts';
import { isAlreadyExists, isForbidden, isInvalid } from '../../kube/errors.ts';
import { type ApiObject, controllerOf, controllerReference, type KubeObject, keyOf } from '../../kube/object.ts';
import { persistentVolumeClaims, pods } from '../../kube/resources.ts';
import type { Accepted } from '../resources/plan.ts';
import { redisResources } from '../resources/pod-template.ts';
import { restoreClaim } from '../resources/restore-claim.ts';
import {
  jobDigest,
  type RestoreJob,
  type RestorePodOptions,
  restorePod,
  restorePodName,
} from '../resources/restore-pod.ts';
import type { Finding } from '../status/finding.ts';
import { isTerminating } from '../status/pod.ts';
import { eventTrouble, SETTLE_MS } from '../status/pod-trouble.ts';
import { describeClaim } from './claim.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import type { Pod, VolumeClaim } from './kinds.ts';
import type { Observed } from './observe.ts';
import { type JobSeen, readJob } from './restore-job.ts';
import { memberCount, type RestoreRecord, restoreDigest } from './restore-record.ts';
import type { RestoreSource } from './restore-source.ts';
import { swapsTo } from './restore-touch.ts';
import { readEvents } from './workload.ts';

/** The work of the present phase on the volume of one member; there is none where its time has not come. */
export interface MemberJob {
  ordinal: number;
  pod: Pod | undefined;
  options: RestorePodOptions | undefined;
  seen: JobSeen | undefined;
}

/** What the present phase has for a pod on each volume, and how that goes. */
export async function lookAtJobs(
  context: Context,
  observed: Observed,
  record: RestoreRecord | undefined,
  source: RestoreSource | undefined,
  accepted: Accepted | undefined,
  signal: AbortSignal,
): Promise<MemberJob[]> {
  const { store } = observed;
  const { namespace, name, uid } = store.metadata;
  const count = Math.max(observed.members.length, record ? memberCount(record) : 1);
  const jobs = Array.from({ length: count }, async (_, ordinal): Promise<MemberJob> => {
    const found = context.caches.pods.get({ namespace, name: restorePodName(name, ordinal) });
    const pod = found && controllerOf(found)?.uid === uid ? found : undefined;
    const options = accepted && record && jobOptions(context, observed, record, source, accepted, ordinal);
    return { ordinal, pod, options, seen: options && (await lookAtJob(context, pod, options, signal)) };
  });
  return Promise.all(jobs);
}

/** How the jobs of all members go together: one that failed for good decides, and they are done when each is. */
export function joinJobs(jobs: readonly MemberJob[], isSharded: boolean): JobSeen | undefined {
  const seen = jobs.flatMap((job) => (job.seen ? [job.seen] : []));
  const failures = seen.filter(({ state }) => state === 'failed');
  const failure = failures.find((each) => each.state === 'failed' && !each.again) ?? failures[0];
  if (failure) return failure;
  const done = seen.flatMap((job) => (job.state === 'done' ? [job.data] : []));
  const [first] = seen;
  if (done.length < seen.length) {
    const troubled = seen.find((job) => job.state === 'running' && job.trouble !== undefined);
    return troubled ?? seen.find(({ state }) => state === 'running') ?? seen.find(({ state }) => state !== 'done');
  }
  const parts = done.flatMap((data) => data ?? []);
  if (!isSharded || parts.length === 0 || parts.length < seen.length) return first;
  return { state: 'done', data: sumParts(parts) };
}

/** Makes the pods that are missing, each with the claim of a store that is new, and removes those of other work. */
export async function workOnJobs(
  context: Context,
  { store, members }: Observed,
  jobs: readonly MemberJob[],
  mayStart: boolean,
  signal: AbortSignal,
): Promise<Finding<'RestoreFailed'> | undefined> {
  let refused: Finding<'RestoreFailed'> | undefined;
  for (const { ordinal, pod, options, seen } of jobs) {
    if (mayStart && options && seen?.state === 'missing') {
      if (!members[ordinal]?.claim) await makeClaim(context, store, ordinal, {}, signal);
      refused ??= await startJob(context, store, options, signal);
    }
    if (pod && !isTerminating(pod) && (!options || seen?.state === 'stale'))
      await context.client.delete(pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid }, signal });
  }
  return refused;
}

/** Makes the volume claim of a member of a new store. */
export async function makeClaim(
  { client }: Pick<Context, 'client'>,
  store: Observed['store'],
  ordinal: number,
  annotations: Record<string, unknown>,
  signal: AbortSignal,
): Promise<void> {
  const manifest = restoreClaim(store, ordinal) as unknown as VolumeClaim;
  const described = describeClaim(manifest, store, { mode: undefined, version: undefined })?.metadata;
  const metadata = { ...manifest.metadata, ...described, annotations: { ...described?.annotations, ...annotations } };
  const object = { ...manifest, metadata } as unknown as KubeObject;
  await client.create(persistentVolumeClaims, object, { fieldManager: FIELD_MANAGER, signal }).catch((error) => {
    if (ordinal === 0 || !isAlreadyExists(error)) throw error;
  });
}

function jobOptions(
  { settings, now }: Context,
  { store, statefulSet, members }: Observed,
  record: RestoreRecord,
  source: RestoreSource | undefined,
  accepted: Accepted,
  ordinal: number,
): RestorePodOptions | undefined {
  if (ordinal >= memberCount(record)) return undefined;
  if (record.retryAt !== undefined && now().getTime() < Date.parse(record.retryAt)) return undefined;
  const job = jobOf(record, { store, members }, source, ordinal);
  if (!job) return undefined;
  const isIdle = job.verb === 'swap' || job.verb === 'undo';
  if (isIdle && (members.some(({ pod }) => pod) || (statefulSet?.spec.replicas ?? 0) > 0)) return undefined;
  if (job.verb === 'fetch' && !record.fresh && !store.spec.restoreFrom?.overwriteData) return undefined;
  const mode = store.spec.persistence.mode;
  return {
    job,
    ordinal,
    image: settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    pullSecrets: settings.backupPullSecrets,
    ...(job.verb === 'fetch' && source && 'place' in source && { encryption: source.encryption }),
    redis: { image: accepted.image, limits: redisResources(accepted, mode).limits },
    scheduling: accepted.scheduling,
    node: members[ordinal]?.pod?.spec.nodeName,
    attempt: record.attempts,
  };
}

function jobOf(
  record: RestoreRecord,
  { store, members }: Pick<Observed, 'store' | 'members'>,
  source: RestoreSource | undefined,
  member: number,
): RestoreJob | undefined {
  const { phase, from, dirty, fresh, slots } = record;
  const of = memberCount(record);
  const isSharded = store.spec.shards !== undefined;
  if (phase === 'Swapping') return { verb: 'swap', ...(of > 1 && { as: swapsTo({ store, members }, record) }) };
  if (phase === 'Undoing') return { verb: 'undo', ...(isSharded && fresh && { isNew: true }) };
  if (dirty) return { verb: 'clean' };
  if (phase !== 'Fetching' || restoreDigest(store) !== from || !source || !('place' in source)) return undefined;
  const own = slots?.[member];
  const part = isSharded && { part: { member, of, ...(own && { slots: own }) } };
  return { verb: 'fetch', place: source.place, ...part };
}

async function lookAtJob(
  context: Context,
  pod: Pod | undefined,
  options: RestorePodOptions,
  signal: AbortSignal,
): Promise<JobSeen> {
  const now = context.now();
  const job = readJob(pod, jobDigest(options), now);
  const since = Date.parse(pod?.metadata.creationTimestamp ?? '');
  const isSettled = now.getTime() - since >= SETTLE_MS;
  if (!pod || job.state !== 'running' || pod.status?.phase !== 'Pending' || !isSettled) return job;
  // A Secret that is not there, or a volume that cannot be mounted, is told by Events alone.
  const { namespace = '', name } = pod.metadata;
  const trouble = eventTrouble(await readEvents(context, namespace, [name], since, signal))?.message ?? job.trouble;
  return trouble === undefined ? job : { ...job, trouble };
}

async function startJob(
  { client }: Context,
  store: Observed['store'],
  options: RestorePodOptions,
  signal: AbortSignal,
): Promise<Finding<'RestoreFailed'> | undefined> {
  const manifest = restorePod(store, options);
  const metadata = { ...manifest.metadata, ownerReferences: [controllerReference(store as unknown as ApiObject)] };
  try {
    await client.create<KubeObject>(
      pods,
      { ...manifest, metadata },
      { fieldManager: FIELD_MANAGER, strict: true, signal },
    );
  } catch (error) {
    if (isAlreadyExists(error)) return undefined; // the cache will show it
    if (!isInvalid(error) && !isForbidden(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const message = `a pod that restores the backup is refused; correct spec.restoreFrom or spec.scheduling, or the namespace's quota and policies: ${why}`;
    return { reason: 'RestoreFailed', message };
  }
  return undefined;
}
