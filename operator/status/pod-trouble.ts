import { tellsOfFullVolume } from './disk-trouble.ts';
import type { Finding } from './finding.ts';
import { ownContainer, ownStatus, type Pod } from './pod.ts';

/** Why a pod cannot run. */
export type PodReason =
  | 'ImageUnavailable'
  | 'CrashLooping'
  | 'VolumeFull'
  | 'StartFailed'
  | 'VolumeUnavailable'
  | 'Unschedulable'
  | 'PodRefused'
  | 'PodFailed';

const IMAGE_REASONS = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);
const START_REASONS = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);

/** What a pod is given to be scheduled and to have its volume, in ms: before that its waiting is not told as trouble. */
export const SETTLE_MS = 4_000;

/** Whether the pod's image is what keeps it from running. */
export function hasImageTrouble(pod: Pod): boolean {
  return IMAGE_REASONS.has(waiting(pod)?.reason ?? '');
}

/** Whether Redis ends again and again. */
export function isCrashing(pod: Pod): boolean {
  return crashTrouble(pod) !== undefined;
}

/** Why the pod does not run, as far as the pod itself tells; the first that holds. */
export function podTrouble(pod: Pod, now: Date): Finding<PodReason> | undefined {
  return (
    imageTrouble(pod) ??
    fullVolume(pod, now) ??
    crashTrouble(pod) ??
    startTrouble(pod) ??
    failure(pod) ??
    schedulingTrouble(pod, now)
  );
}

/** An Event about a store's pod, StatefulSet or claim, as far as it is read. */
export interface EventSeen {
  reason: string;
  message: string;
}

/** Which Events tell of trouble; others (a failed probe of a Redis that loads) are no trouble of their own. */
const EVENT_REASONS: Readonly<Record<string, [PodReason, string]>> = {
  FailedCreate: ['PodRefused', 'the pod is refused; raise the quota, or allow what the message names in the namespace'],
  FailedMount: ['VolumeUnavailable', 'a volume cannot be mounted'],
  FailedAttachVolume: ['VolumeUnavailable', 'the volume cannot be attached to the node'],
  ProvisioningFailed: ['VolumeUnavailable', 'the volume cannot be provided; see the storage class'],
  FailedBinding: [
    'VolumeUnavailable',
    'no volume fits the claim; set spec.persistence.storageClassName on a new KVStore, or make a storage class the default',
  ],
  FailedCreatePodSandBox: ['StartFailed', 'the node cannot start the pod'],
};

/** The trouble that the newest telling one of these Events (newest last) speaks of; a success after it ends it. */
export function eventTrouble(events: readonly EventSeen[]): Finding<PodReason> | undefined {
  for (const { reason, message } of [...events].reverse()) {
    if (reason === 'SuccessfulCreate') return undefined;
    const known = Object.hasOwn(EVENT_REASONS, reason) ? EVENT_REASONS[reason] : undefined;
    if (known) return { reason: known[0], message: `${known[1]}: ${message}` };
  }
  return undefined;
}

function waiting(pod: Pod): { reason?: string; message?: string } | undefined {
  return ownStatus(pod)?.state?.waiting;
}

function imageTrouble(pod: Pod): Finding<PodReason> | undefined {
  if (!hasImageTrouble(pod)) return undefined;
  const { reason = '', message = '' } = waiting(pod) ?? {};
  // The kubelet alternates between trying and backing off; the cause stays the same.
  const cause = message.replace(/^Back-off pulling image "[^"]*"(: ErrImagePull: )?/, '') || reason;
  const image = ownContainer(pod)?.image;
  return {
    reason: 'ImageUnavailable',
    message: `the image ${image} cannot be pulled; correct spec.image or spec.version, or make the image available: ${cause}`,
  };
}

/** How long a Redis that ended on a full volume must run, in ms, before it is taken to have room again: it ends at the first write. */
const ROOM_PROVEN_MS = 60_000;

/** The kubelet keeps the last words of the log: terminationMessagePolicy of the pod template. */
export function fullVolume(pod: Pod, now: Date): Finding<'VolumeFull'> | undefined {
  const status = ownStatus(pod);
  const ended = status?.state?.terminated ?? status?.lastState?.terminated;
  if (!ended || ended.exitCode === 0 || !tellsOfFullVolume(ended.message ?? '')) return undefined;
  const since = status?.state?.running?.startedAt;
  if (since !== undefined && now.getTime() - Date.parse(since) >= ROOM_PROVEN_MS) return undefined;
  const message =
    'the volume is full, so Redis ended rather than acknowledge a write that it cannot keep, and is started again and again; raise spec.persistence.size, or free room on the volume';
  return { reason: 'VolumeFull', message };
}

/** Restarts after which a container that has ended badly is taken to do so again, until it is ready. */
const CRASHES = 2;

/** Holds between the kubelet's tries as well, while the container runs for a moment: the trouble is not over then. */
function crashTrouble(pod: Pod): Finding<PodReason> | undefined {
  const status = ownStatus(pod);
  const ended = status?.state?.terminated ?? status?.lastState?.terminated;
  const again = !status?.ready && (status?.restartCount ?? 0) >= CRASHES && ended !== undefined && ended.exitCode !== 0;
  if (waiting(pod)?.reason !== 'CrashLoopBackOff' && !again) return undefined;
  const how = `Redis ended ${ended?.reason === 'OOMKilled' ? 'for lack of memory' : `with exit code ${ended?.exitCode ?? 'unknown'}`}`;
  const remedy =
    ended?.reason === 'OOMKilled'
      ? 'raise spec.memory'
      : `see why with: kubectl logs -n ${pod.metadata.namespace} ${pod.metadata.name} --previous`;
  return { reason: 'CrashLooping', message: `${how}; ${remedy}` };
}

function startTrouble(pod: Pod): Finding<PodReason> | undefined {
  const { reason = '', message = '' } = waiting(pod) ?? {};
  if (!START_REASONS.has(reason)) return undefined;
  return { reason: 'StartFailed', message: `the container cannot be started: ${message || reason}` };
}

function failure(pod: Pod): Finding<PodReason> | undefined {
  if (pod.status?.phase !== 'Failed') return undefined;
  const { reason = 'Failed', message = '' } = pod.status;
  return { reason: 'PodFailed', message: `the pod ended (${reason}) and is made anew: ${message}` };
}

function schedulingTrouble(pod: Pod, now: Date): Finding<PodReason> | undefined {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  if (now.getTime() - Date.parse(pod.metadata.creationTimestamp ?? '') < SETTLE_MS) return undefined;
  return {
    reason: 'Unschedulable',
    message: `no node takes the pod; lower spec.memory or spec.resources, change spec.scheduling, or add a node: ${scheduled.message}`,
  };
}
