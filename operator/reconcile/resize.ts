import { parseQuantity } from '../../contract/quantity.ts';
import type { Finding } from '../status/finding.ts';
import { ownContainer, ownStatus, type Pod, type Resources } from '../status/pod.ts';

/** Whether two containers' resources have equal values, whatever their notation. */
export function sameResources(a: Resources | undefined, b: Resources | undefined): boolean {
  return hasResources(a, b) && hasResources(b, a);
}

/**
 * Whether a container has what is wanted, whatever it has besides: that a LimitRange may have added, and while the pod
 * lives the API server lets nobody take it away.
 */
export function hasResources(actual: Resources | undefined, wanted: Resources | undefined): boolean {
  return covers(actual?.requests, wanted?.requests) && covers(actual?.limits, wanted?.limits);
}

/** Fills in what the API server does: a limit without a request is the request too. */
export function withDefaultRequests({ requests, limits }: Resources): Resources {
  return { requests: { ...limits, ...requests }, ...(limits && { limits }) };
}

function covers(actual: Record<string, string> = {}, wanted: Record<string, string> = {}): boolean {
  return Object.entries(wanted).every(([name, value]) => parseQuantity(actual[name] ?? 0) === parseQuantity(value));
}

/** The memory limit, in bytes, that the container runs under now; infinite where it has none. */
export function actualMemoryLimit(pod: Pod): number {
  const actual = ownStatus(pod)?.resources ?? ownContainer(pod)?.resources;
  const limit = actual?.limits?.memory;
  return limit === undefined ? Number.POSITIVE_INFINITY : parseQuantity(limit);
}

/** What the kubelet says of a resize that it has not done. */
export function resizeState(pod: Pod): { refusal?: Finding<'ResizeRefused'>; step?: Finding<'Resizing'> } {
  const find = (wanted: string) =>
    pod.status?.conditions?.find(({ type, status }) => type === wanted && status === 'True');
  const pending = find('PodResizePending');
  if (pending?.reason === 'Infeasible') return { refusal: refuseResize(pending.message ?? '') };
  if (pending) {
    const message = `the node has no room for the new size yet: ${pending.message ?? pending.reason}`;
    return { step: { reason: 'Resizing', message } };
  }
  if (find('PodResizeInProgress')) return { step: { reason: 'Resizing', message: 'the container is being resized' } };
  return {};
}

/** A resize that was refused: the container keeps its old size. */
export function refuseResize(why: string): Finding<'ResizeRefused'> {
  const message = `the container keeps its old size, and maxmemory stays within it; ask for less, or delete the pod to let it start elsewhere with the new size: ${why}`;
  return { reason: 'ResizeRefused', message };
}
