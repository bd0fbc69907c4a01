import type { Pod } from '../../operator/status/pod.ts';

/** The Redis version of an image of the catalogue; undefined for any other, which nobody can pull. */
export function imageVersion(image: string): '7.0' | '8.0' | undefined {
  const tag = /^docker\.io\/library\/redis:(7\.0|8\.0)/.exec(image)?.[1];
  return tag === '7.0' || tag === '8.0' ? tag : undefined;
}

const still = { restartCount: 0, image: '', imageID: '' };

/** The pod's Redis runs and is ready at that address, in a container of the size that the spec says. */
export function runningStatus({ spec, metadata }: Pod, podIP: string): Record<string, unknown> {
  const startedAt = metadata.creationTimestamp;
  return {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: 'True' },
    ],
    containerStatuses: spec.containers.map(({ name, resources }) => ({
      ...still,
      name,
      resources,
      ready: true,
      started: true,
      state: { running: { startedAt } },
    })),
  };
}

/** The pod's container waits for something. */
export function waitingStatus({ spec }: Pod, reason: string, message: string): Record<string, unknown> {
  const state = { waiting: { reason, message } };
  return {
    phase: 'Pending',
    containerStatuses: spec.containers.map(({ name }) => ({ ...still, name, ready: false, started: false, state })),
  };
}

/** The program of a pod has ended with that message; those that come after it have succeeded where it has. */
export function jobStatus(pod: Pod, message: string, exitCode: number): Record<string, unknown> {
  const { initContainers = [] } = pod.spec as { initContainers?: { name: string }[] };
  const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message };
  const program = { ...still, ready: false, started: false, state: { terminated } };
  const [first] = initContainers;
  const phase = exitCode === 0 ? 'Succeeded' : 'Failed';
  if (first) {
    const { containerStatuses } = endedStatus(pod, '');
    const initContainerStatuses = [{ ...program, name: first.name }];
    return { phase, initContainerStatuses, ...(exitCode === 0 && { containerStatuses }) };
  }
  return { phase, containerStatuses: pod.spec.containers.map(({ name }) => ({ ...program, name })) };
}

/** The pod's container has ended with that message. */
export function endedStatus({ spec, metadata }: Pod, message: string): Record<string, unknown> {
  const at = metadata.creationTimestamp;
  const terminated = { exitCode: 0, reason: 'Completed', message, startedAt: at, finishedAt: at };
  return {
    phase: 'Succeeded',
    containerStatuses: spec.containers.map(({ name }) => ({
      ...still,
      name,
      ready: false,
      started: false,
      state: { terminated },
    })),
  };
}
