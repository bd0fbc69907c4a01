import { parseQuantity } from '../../contract/quantity.ts';
import type { Finding } from '../status/finding.ts';
import type { Pod, Resources } from '../status/pod.ts';

/** Whether two containers' resources have equal values, whatever their notation. */
export function sameResources(a: Resources | undefined, b: Resources | undefined): boolean {
  return sameQuantities(a?.requests, b?.requests) && sameQuantities(a?.limits, b?.limits);
}

/** Fills in what the API server does: a limit without a request is the request too. */
export function withDefaultRequests({ requests, limits }: Resources): Resources {
  return { requests: { ...limits, ...requests }, ...(limits && { limits }) };
}

function sameQuantities(a: Record<string, string> = {}, b: Record<string, string> = {}): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => parseQuantity(a[name] ?? 0) === parseQuantity(b[name] ?? 0));
}

/** The memory limit, in bytes, that the container runs under now; infinite where it has none. */
export function actualMemoryLimit(pod: Pod): number {
  const actual = pod.status?.containerStatuses?.[0]?.resources ?? pod.spec.containers[0]?.resources;
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
