import { PREFLIGHT_CONTAINER, REDIS_CONTAINER, SENTINEL_CONTAINER } from '../../contract/names.ts';

/** The state of a container, as in core/v1. */
interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: { exitCode: number; reason?: string; message?: string; finishedAt?: string };
}

/** Processor and memory of a container, as in core/v1. */
export interface Resources {
  requests?: Record<string, string>;
  limits?: Record<string, string>;
}

/** The parts of core/v1 Pod that the operator reads. */
export interface Pod {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
  };
  spec: { nodeName?: string; containers: { name: string; image: string; resources?: Resources }[] };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    podIP?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

interface ContainerStatus {
  name: string;
  ready: boolean;
  /** It passed its startup probe. */
  started?: boolean;
  restartCount: number;
  state?: ContainerState;
  lastState?: ContainerState;
  resources?: Resources;
}

const isOurs = ({ name }: { name: string }) => name === REDIS_CONTAINER || name === PREFLIGHT_CONTAINER;

/** The container that the operator asked for: an admission plugin may have put others before it. */
export function ownContainer({ spec }: Pod): Pod['spec']['containers'][number] | undefined {
  return spec.containers.find(isOurs);
}

/** The status of that container; the kubelet sorts them by name. */
export function ownStatus({ status }: Pod): ContainerStatus | undefined {
  return status?.containerStatuses?.find(isOurs);
}

/** Whether the pod passed its readiness probe. */
export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Whether a process of the pod's container runs now: whether there is something to lose. */
export function isRunning(pod: Pod): boolean {
  return ownStatus(pod)?.state?.running !== undefined;
}

/** Whether a Sentinel runs beside Redis now. */
export function runsSentinel({ status }: Pod): boolean {
  const sentinel = status?.containerStatuses?.find(({ name }) => name === SENTINEL_CONTAINER);
  return sentinel?.state?.running !== undefined;
}

/** Whether the pod was made as a member of a replicated store. */
export function isMemberPod({ spec }: Pod): boolean {
  return spec.containers.some(({ name }) => name === SENTINEL_CONTAINER);
}

/** Whether the pod has been asked to end. */
export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}
