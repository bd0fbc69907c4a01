import type { KVStoreStatus } from '../../contract/kvstore.gen.ts';
import { isAlreadyExists, isForbidden, isInvalid } from '../../kube/errors.ts';
import { type ApiObject, controllerOf, controllerReference, type KubeObject, keyOf } from '../../kube/object.ts';
import { persistentVolumeClaims, pods } from '../../kube/resources.ts';
import { type Accepted, DATA_MODE_ANNOTATION } from '../resources/plan.ts';
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
import type { Findings } from '../status/store-facts.ts';
import { describeClaim } from './claim.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import { requireCurrent } from './current.ts';
import { KEYS_ANNOTATION } from './key-counts.ts';
import { kvStores, type Pod, type VolumeClaim } from './kinds.ts';
import { type Observed, ofMember } from './observe.ts';
import { decideRestore, holds, type RestoreDecision, type RestoreWrite } from './restore-decision.ts';
import { type JobSeen, readJob } from './restore-job.ts';
import {
  isPending,
  isTouching,
  RESTORE_ANNOTATION,
  type RestoreRecord,
  readRecord,
  restoreDigest,
  restoreStatus,
} from './restore-record.ts';
import { findSource, type RestoreSource } from './restore-source.ts';
import { readEvents } from './workload.ts';

/** What came of a store's restore, where it has one. */
export interface RestoreMaintained {
  /** Whether Redis may run: see `holds`. */
  hold: ReturnType<typeof holds>;
  /** The snapshot with the claim as the decision saw it. */
  observed: Observed;
  findings: Partial<Findings>;
  status: KVStoreStatus['restore'];
  /** A move was noted, after which the next can be made. */
  changed: boolean;
}

/**
 * Brings a store to the backup of its spec.restoreFrom, one move at a time. What is noted on the volume claim decides, and
 * each move is noted there, on the very claim that was read, before anything is done about it.
 */
export async function maintainRestore(
  context: Context,
  seen: Observed,
  accepted: Accepted | undefined,
  signal: AbortSignal,
): Promise<RestoreMaintained> {
  const { client, caches } = context;
  const { store } = seen;
  const { namespace, name } = store.metadata;
  const pending = isPending(readRecord(ofFirst(seen).claim), restoreDigest(store));
  // The cache may be behind what this operator itself has noted.
  const observed =
    pending && store.spec.persistence.mode !== 'none' ? await withLiveClaim(context, seen, signal) : seen;
  const first = ofFirst(observed);
  const record = readRecord(first.claim);
  const found = caches.pods.get({ namespace, name: restorePodName(name) });
  const pod = found && controllerOf(found)?.uid === store.metadata.uid ? found : undefined;
  const source = pending && !isTouching(record) ? await findSource(client, store, signal) : undefined;
  const options = accepted && jobOptions(context, first, record, source, accepted);
  const job = options && (await lookAtJob(context, pod, options, signal));
  const decision = decideRestore({ ...first, record, source, job, now: context.now() });
  const result: RestoreMaintained = {
    hold: holds({ ...first, record }),
    observed,
    findings: decision,
    status: restoreStatus(decision.write ? (decision.write.record ?? undefined) : record, store),
    changed: decision.write !== undefined,
  };
  if (decision.write) await note(context, first, record, decision.write, signal);
  else if (options && job?.state === 'missing')
    result.findings = merge(decision, await startJob(context, observed, options, signal));
  if (pod && !isTerminating(pod) && (!options || job?.state === 'stale'))
    await client.delete(pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid }, signal });
  return result;
}

async function withLiveClaim({ client }: Context, observed: Observed, signal: AbortSignal): Promise<Observed> {
  const key = keyOf(restoreClaim(observed.store));
  const claim = await client.get<VolumeClaim>(persistentVolumeClaims, key, { signal });
  const members = observed.members.map((member) => (member.ordinal === 0 ? { ...member, claim } : member));
  return { ...observed, members, ...(observed.ordinal === 0 && { claim }) };
}

/** The snapshot of the member whose volume is restored to: stores of several are not. */
const ofFirst = (observed: Observed): Observed => ofMember(observed, observed.members[0] ?? observed);

/** The job that the present phase has for a pod, where its time has come. */
function jobOptions(
  { settings, now }: Context,
  { store, statefulSet, pod }: Observed,
  record: RestoreRecord | undefined,
  source: RestoreSource | undefined,
  accepted: Accepted,
): RestorePodOptions | undefined {
  if (!record || (record.retryAt !== undefined && now().getTime() < Date.parse(record.retryAt))) return undefined;
  const job = jobOf(record, restoreDigest(store), source);
  if (!job) return undefined;
  const isIdle = job.verb === 'swap' || job.verb === 'undo';
  if (isIdle && (pod || (statefulSet?.spec.replicas ?? 0) > 0)) return undefined;
  if (job.verb === 'fetch' && !record.fresh && !store.spec.restoreFrom?.overwriteData) return undefined;
  const mode = store.spec.persistence.mode;
  return {
    job,
    image: settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    ...(job.verb === 'fetch' && source && 'place' in source && { encryption: source.encryption }),
    redis: { image: accepted.image, limits: redisResources(accepted, mode).limits },
    scheduling: accepted.scheduling,
    node: pod?.spec.nodeName,
    attempt: record.attempts,
  };
}

function jobOf(
  { phase, from, dirty }: RestoreRecord,
  wanted: string | undefined,
  source: RestoreSource | undefined,
): RestoreJob | undefined {
  if (phase === 'Swapping') return { verb: 'swap' };
  if (phase === 'Undoing') return { verb: 'undo' };
  if (dirty) return { verb: 'clean' };
  if (phase === 'Fetching' && wanted === from && source && 'place' in source)
    return { verb: 'fetch', place: source.place };
  return undefined;
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

/** Notes a move on the claim that was read, or makes the claim with it. */
async function note(
  { client, events }: Context,
  { store, claim }: Observed,
  before: RestoreRecord | undefined,
  { record, mode, keysAtStop }: RestoreWrite,
  signal: AbortSignal,
): Promise<void> {
  const isMove = record !== null && record.phase !== before?.phase;
  // What is asked for may have been taken back while the backup was fetched.
  if (isMove && record.phase === 'Swapping')
    await requireCurrent(client, kvStores, store as unknown as ApiObject, signal);
  const annotations = {
    [RESTORE_ANNOTATION]: record && JSON.stringify(record),
    ...(mode !== undefined && { [DATA_MODE_ANNOTATION]: mode }),
    ...(keysAtStop !== undefined && { [KEYS_ANNOTATION]: keysAtStop }),
  };
  if (claim) {
    const { resourceVersion } = claim.metadata;
    const options = { type: 'merge', fieldManager: FIELD_MANAGER, resourceVersion, signal } as const;
    await client.patch(persistentVolumeClaims, keyOf(claim), { metadata: { annotations } }, options);
  } else {
    const manifest = restoreClaim(store) as unknown as VolumeClaim;
    const data = { mode: undefined, version: undefined };
    const described = describeClaim(manifest, store, data)?.metadata;
    const metadata = {
      ...manifest.metadata,
      ...described,
      annotations: { ...described?.annotations, ...annotations },
    };
    const object = { ...manifest, metadata } as unknown as KubeObject;
    await client.create(persistentVolumeClaims, object, { fieldManager: FIELD_MANAGER, signal });
  }
  if (!isMove || record.phase === 'Failed') return; // which a condition tells
  const [type, reason, message] = tale(record);
  events.record(store, type, reason, message);
}

function tale({ phase, data, loaded, message }: RestoreRecord): ['Normal' | 'Warning', string, string] {
  switch (phase) {
    case 'Fetching':
      return ['Normal', 'RestoreStarted', 'the backup is fetched and verified; nothing is replaced yet'];
    case 'Swapping':
      return ['Normal', 'RestoreFetched', `the backup of ${data?.keys} keys is good, and takes the place of the data`];
    case 'Loading':
      return ['Normal', 'RestoreSwapped', 'Redis starts with the backup'];
    case 'Completed':
      return ['Normal', 'Restored', `Redis has ${loaded?.keys} keys of ${data?.keys}; ${loaded?.expired} had expired`];
    default:
      return ['Warning', 'RestoreFailed', message ?? ''];
  }
}

async function startJob(
  { client }: Context,
  { store }: Observed,
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

function merge({ refusals, steps }: RestoreDecision, refused: Finding<'RestoreFailed'> | undefined): Partial<Findings> {
  return { refusals: refused ? [refused, ...refusals] : refusals, steps };
}
