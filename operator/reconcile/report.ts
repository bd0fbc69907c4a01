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

/** Writes a status where it differs from the one that the object has, and tells by Events what changed. */
export async function reportStatus<T extends ApiObject & { status?: Status }>(
  { client, events }: Pick<Context, 'client' | 'events'>,
  resource: Resource,
  object: T,
  status: NonNullable<T['status']>,
  signal: AbortSignal,
): Promise<void> {
  const before = written.get(object) ?? object.status;
  if (isDeepStrictEqual(before, status)) return;
  // A merge patch removes only what it names.
  const gone = Object.keys(before ?? {}).filter((field) => !(field in status));
  const body = { status: { ...Object.fromEntries(gone.map((field) => [field, null])), ...status } };
  const options = { type: 'merge', subresource: 'status', fieldManager: FIELD_MANAGER, signal } as const;
  await client.patch(resource, keyOf(object), body, options);
  written.set(object, status);
  for (const { type, reason, message } of tellTransitions(before?.conditions, status.conditions))
    events.record(object, type, reason, message);
}
