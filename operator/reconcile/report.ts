import { isDeepStrictEqual } from 'node:util';
import type { Condition } from '../../contract/objects.ts';
import type { ApiObject } from '../../kube/object.ts';
import { keyOf } from '../../kube/object.ts';
import type { Resource } from '../../kube/resources.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import { tellTransitions } from './transitions.ts';

/** A status that has conditions. */
interface Status {
  conditions?: Condition[];
}

/** What was written of an object that the cache still shows as it was before. */
const written = new WeakMap<object, Status>();

/** The status of an object as it is now, also while the cache still shows what was there before. */
export function statusOf<T extends ApiObject & { status?: Status }>(object: T): T['status'] {
  return (written.get(object) ?? object.status) as T['status'];
}

/**
 * Writes a status where it differs from the one that the object has, and tells by Events what changed. With a version
 * only if the object is still at it; else it rejects with a conflict.
 */
export async function reportStatus<T extends ApiObject & { status?: Status }>(
  { client, events }: Pick<Context, 'client' | 'events'>,
  resource: Resource,
  object: T,
  status: NonNullable<T['status']>,
  signal: AbortSignal,
  resourceVersion?: string,
): Promise<void> {
  const before = statusOf(object);
  if (isDeepStrictEqual(before, status)) return;
  const body = { status: mergePatch(before ?? {}, status) };
  const options = {
    type: 'merge',
    subresource: 'status',
    fieldManager: FIELD_MANAGER,
    signal,
    resourceVersion,
  } as const;
  await client.patch(resource, keyOf(object), body, options);
  written.set(object, status);
  for (const { type, reason, message } of tellTransitions(before?.conditions, status.conditions))
    events.record(object, type, reason, message);
}

/** The merge patch that makes `after` of `before`, whatever else is as it was: it removes only what it names, at any depth. */
function mergePatch(before: object, after: object): Record<string, unknown> {
  const gone = Object.keys(before).filter((field) => !(field in after));
  const set = Object.entries(after).map(([field, value]) => {
    const old = (before as Record<string, unknown>)[field];
    return [field, isFields(old) && isFields(value) ? mergePatch(old, value) : value];
  });
  return { ...Object.fromEntries(gone.map((field) => [field, null])), ...Object.fromEntries(set) };
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
