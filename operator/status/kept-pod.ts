import type { Pod } from './pod.ts';

type Status = NonNullable<Pod['status']>;
type Container = Pod['spec']['containers'][number];

/** What of a pod the operator reads, and so keeps of the pods of all stores: about a third of what there is. */
export function keepPod({ apiVersion, kind, metadata, spec, status }: Pod): Pod {
  const { nodeName, containers } = spec;
  return {
    apiVersion,
    kind,
    metadata,
    spec: { ...(nodeName !== undefined && { nodeName }), containers: containers.map(keepContainer) },
    ...(status && { status: keepStatus(status) }),
  };
}

function keepContainer({ name, image, resources }: Container): Container {
  return { name, image, ...(resources && { resources }) };
}

function keepStatus(status: Status): Status {
  const { phase, reason, message, podIP, conditions, initContainerStatuses, containerStatuses } = status;
  const kept = { phase, reason, message, podIP };
  return {
    ...(Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)) as Partial<typeof kept>),
    ...(conditions && { conditions: conditions.map(keepCondition) }),
    ...(initContainerStatuses && { initContainerStatuses: initContainerStatuses.map(keepContainerStatus) }),
    ...(containerStatuses && { containerStatuses: containerStatuses.map(keepContainerStatus) }),
  } as Status;
}

function keepCondition({ type, status, reason, message }: NonNullable<Status['conditions']>[number]) {
  return { type, status, ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) };
}

function keepContainerStatus(status: NonNullable<Status['containerStatuses']>[number]) {
  const { name, ready, started, restartCount, state, lastState, resources } = status;
  return {
    name,
    ready,
    restartCount,
    ...(started !== undefined && { started }),
    ...(state && { state }),
    ...(lastState && { lastState }),
    ...(resources && { resources }),
  };
}
