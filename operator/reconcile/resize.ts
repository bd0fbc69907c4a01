import { parseQuantity } from '../../contract/quantity.ts';
import type { Size } from '../resources/plan.ts';
import { redisResources } from '../resources/pod-template.ts';
import type { LiveSettings } from '../resources/redis-conf.ts';
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

/** Processor time comes in steps of a cgroup, so that what the kubelet reports is this much off at most, in CPUs. */
const CPU_STEP = 0.01;

/** Whether the container runs with that processor time, as far as the kubelet can tell. */
export function hasCpu(pod: Pod, cpu: Size['cpu']): boolean {
  const actual = ownStatus(pod)?.resources ?? ownContainer(pod)?.resources;
  const { request = cpu.limit, limit } = cpu;
  return isClose(actual?.requests?.cpu, request) && isClose(actual?.limits?.cpu, limit);
}

function isClose(actual: string | undefined, wanted: string | undefined): boolean {
  return wanted === undefined || Math.abs(parseQuantity(actual ?? 0) - parseQuantity(wanted)) <= CPU_STEP;
}

/** What a new container of that size would request beyond the running one. */
export function resourceGrowth(pod: Pod, size: Size, mode: LiveSettings['mode']): Record<string, string> {
  const wanted = withDefaultRequests(redisResources(size, mode)).requests ?? {};
  const actual = ownContainer(pod)?.resources?.requests ?? {};
  const growth = (name: string) => Math.max(parseQuantity(wanted[name] ?? 0) - parseQuantity(actual[name] ?? 0), 0);
  return { cpu: `${Math.ceil(growth('cpu') * 1000)}m`, memory: String(growth('memory')) };
}

/** On a pod: the resources that the API server refused to give it, when and why. */
const RESIZE_REFUSED_ANNOTATION = 'cubby.dev/resize-refused';

/** A resize that the API server refused. */
export interface RefusedResize {
  /** The resources asked for, as canonical JSON. */
  wanted: string;
  why: string;
  /** When it was asked for last, RFC 3339; an older release did not note it. */
  at?: string;
  /** Nothing can be resized in this cluster: it has no such subresource. */
  never?: true;
}

/** The refusal that was noted on a pod. */
export function readRefusal(pod: Pod): RefusedResize | undefined {
  try {
    return JSON.parse(pod.metadata.annotations?.[RESIZE_REFUSED_ANNOTATION] ?? 'null') ?? undefined;
  } catch {
    return undefined; // written over by hand
  }
}

/** After so long, in ms, what a quota or a policy forbade is asked for again: nothing tells that it has changed. */
const ASK_AGAIN_MS = 10 * 60_000;

/** Whether the same was refused a short while ago. */
export function isRefusedYet(refusal: RefusedResize, wanted: string, now: Date): boolean {
  return refusal.wanted === wanted && now.getTime() - Date.parse(refusal.at ?? '') < ASK_AGAIN_MS;
}

/** The annotation that notes a refusal on a pod. */
export function noteRefusal(refusal: RefusedResize): Record<string, string> {
  return { [RESIZE_REFUSED_ANNOTATION]: JSON.stringify(refusal) };
}

/** Whether the cluster was found to be one before Kubernetes 1.33, which cannot resize the pod. */
export function cannotResize(pod: Pod): boolean {
  return readRefusal(pod)?.never === true;
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

/**
 * What to ask for in place of what the node can never give. A request for processor time that nobody wants any more
 * cannot be taken away, so it becomes the smallest.
 */
export function withdrawing(actual: Resources | undefined, wanted: Resources): Resources {
  const leftOver = actual?.requests?.cpu !== undefined && wanted.requests?.cpu === undefined;
  return leftOver ? { ...wanted, requests: { ...wanted.requests, cpu: '1m' } } : wanted;
}

/** A resize that was refused: the container keeps its old size. */
export function refuseResize(why: string): Finding<'ResizeRefused'> {
  const message = `the container keeps its size, and the store starts again with it; ask for less in spec.memory or spec.resources, or make room and set spec.enabled to false and to true again, which starts it anew with the new size: ${why}`;
  return { reason: 'ResizeRefused', message };
}
