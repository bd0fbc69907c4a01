import { isDeepStrictEqual } from 'node:util';
import type { KVStore } from '../../contract/objects.ts';
import { parseQuantity } from '../../contract/quantity.ts';
import { containerMemory } from '../resources/memory.ts';
import type { Size } from '../resources/plan.ts';
import type { Finding } from '../status/finding.ts';
import { isRunning, isTerminating } from '../status/pod.ts';
import { isCrashing } from '../status/pod-trouble.ts';
import type { Observed } from './observe.ts';
import { actualMemoryLimit, cannotResize, hasCpu } from './resize.ts';

/** The size that spec asks for, as far as the data fits into it. */
export interface WantedSize {
  size: Size;
  refusals: Finding<'ShrinkRefused'>[];
}

/** Memory below what the data takes would, under noeviction, refuse every write: the old limit stays until there is room. */
export function wantedSize(observed: Observed): WantedSize {
  const { store, accepted } = observed;
  const wanted = Math.floor(parseQuantity(store.spec.memory));
  const cpu = store.spec.resources?.cpu ?? {};
  // Where the StatefulSet was deleted, what Redis last said takes its place.
  const before = accepted?.memory ?? memoryBefore(store)?.limit ?? wanted;
  const taken: WantedSize = { size: { memory: wanted, cpu }, refusals: [] };
  if (wanted >= before || store.spec.evictionPolicy !== 'noeviction') return taken;
  const used = usedMemory(observed) ?? memoryBefore(store)?.used ?? 0;
  if (used <= wanted) return taken;
  const message = `spec.memory ${store.spec.memory} is less than the ${used} bytes in use; delete keys, raise spec.memory, or choose an evictionPolicy that may drop keys. The limit stays at ${before} bytes`;
  return { size: { memory: before, cpu }, refusals: [{ reason: 'ShrinkRefused', message }] };
}

/** In bytes; of shards, that of the fullest. */
function usedMemory({ store, members, redis }: Observed): number | undefined {
  const asked = store.spec.shards === undefined ? [redis] : members.map((member) => member.redis);
  const used = asked.flatMap((seen) => (seen && 'look' in seen ? [seen.look.info.usedMemory] : []));
  return used.length > 0 ? Math.max(...used) : undefined;
}

/** What was reported last; of shards, the part of one. */
function memoryBefore({ status }: KVStore): { limit: number; used: number } | undefined {
  const { limit, used = 0 } = status?.memory ?? {};
  const parts = status?.topology?.mode === 'Sharded' ? status.topology.members : 1;
  return limit === undefined ? undefined : { limit: Math.round(limit / parts), used: used / parts };
}

/**
 * Whether only a new container can have that size: the cluster cannot resize this one, or a request or limit is to go,
 * which the API server lets nobody take away from a pod.
 */
export function needsNewContainer(observed: Observed, size: Size): boolean {
  const { accepted, pod } = observed;
  if (!isGuarded(observed) || !accepted || !pod || !isRunning(pod) || isTerminating(pod)) return false;
  const { request, limit } = accepted.cpu ?? {};
  // A limit without a request is the request too, and goes with it.
  const requestGoes = (request ?? limit) !== undefined && (size.cpu.request ?? size.cpu.limit) === undefined;
  const limitGoes = limit !== undefined && size.cpu.limit === undefined;
  return requestGoes || limitGoes || (cannotResize(pod) && !fits(observed, size));
}

/** The size that is taken over now, and what the running container is asked to take on first. */
export interface SizeAcceptance {
  size: Size;
  asked: Size | undefined;
}

/**
 * Takes a larger size over when the running container has it, so that a pod that is made anew never asks for what no
 * node, or no quota, gives. `renewed` is the size for which the container is to be made anew, which a trial has shown to
 * fit.
 */
export function acceptSize(observed: Observed, wanted: Size, renewed: Size | undefined): SizeAcceptance {
  const { accepted, pod } = observed;
  if (!isGuarded(observed) || !accepted || isDeepStrictEqual(renewed, wanted))
    return { size: wanted, asked: undefined };
  const size = {
    memory: hasMemory(observed, wanted) ? wanted.memory : accepted.memory,
    cpu: hasProcessor(observed, wanted) ? wanted.cpu : (accepted.cpu ?? {}),
  };
  const inPlace = pod && isRunning(pod) && !needsNewContainer(observed, wanted);
  return { size, asked: inPlace && !isDeepStrictEqual(size, wanted) ? wanted : undefined };
}

/** Whether there is a Redis that a size too large could cost its place; one that crashes may be helped by it. */
function isGuarded({ store, pod }: Observed): boolean {
  return store.spec.enabled && store.status?.version !== undefined && !(pod && isCrashing(pod));
}

function fits(observed: Observed, size: Size): boolean {
  return hasMemory(observed, size) && hasProcessor(observed, size);
}

/** Every pod has it: the smallest may be the primary tomorrow. */
function hasProcessor(observed: Observed, size: Size): boolean {
  return podsOf(observed).every((pod) => podHasProcessor({ ...observed, pod }, size));
}

function hasMemory(observed: Observed, size: Size): boolean {
  return podsOf(observed).every((pod) => podHasMemory({ ...observed, pod }, size));
}

function podsOf({ members, pod }: Observed): Observed['pod'][] {
  const pods = members.flatMap((member) => member.pod ?? []);
  return pods.length > 0 ? pods : [pod];
}

/** A container that does not run is made anew with less at once: it may be that no node has what it asks for. */
function podHasProcessor({ accepted, pod }: Observed, { cpu }: Size): boolean {
  if (pod && hasCpu(pod, cpu)) return true;
  const runs = pod !== undefined && isRunning(pod);
  return !runs && isNoMore(cpu, accepted?.cpu ?? {});
}

function isNoMore(cpu: Size['cpu'], than: Size['cpu']): boolean {
  const request = (of: Size['cpu']) => parseQuantity(of.request ?? of.limit ?? 0);
  const limit = (of: Size['cpu']) => (of.limit === undefined ? Number.POSITIVE_INFINITY : parseQuantity(of.limit));
  return request(cpu) <= request(than) && (cpu.limit === undefined || limit(cpu) <= limit(than));
}

function podHasMemory({ store, accepted, pod }: Observed, { memory }: Size): boolean {
  if (accepted && memory <= accepted.memory) return true;
  return pod !== undefined && actualMemoryLimit(pod) >= containerMemory(memory, store.spec.persistence.mode).limit;
}
