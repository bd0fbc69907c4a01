import { createHash } from 'node:crypto';
import type { CallOptions, KubeClient } from './client.ts';
import { covers } from './covers.ts';
import { isConflict, isInvalid, KubeError } from './errors.ts';
import { type ApiObject, controllerOf, controllerReference, type KubeObject, keyOf } from './object.ts';
import { type Resource, resourceOf } from './resources.ts';

/** One object of a change set, named. */
export interface ObjectRef {
  apiVersion: string;
  kind: string;
  namespace: string | undefined;
  name: string;
}

/** What became of one desired object. `conflict`: an object of that name exists that is not ours, and was left alone. */
export interface Change {
  action: 'created' | 'configured' | 'unchanged' | 'conflict';
  ref: ObjectRef;
  /** The object as it is now, with the server's defaults. */
  object: KubeObject;
}

export interface ApplyAllOptions extends CallOptions {
  /** Owns the fields, and names the annotation that keeps the hash: `<fieldManager>/applied-hash`. */
  fieldManager: string;
  /** The object, as read from the API, that is to control every desired one. */
  owner: ApiObject;
  /** Called before an object that exists is changed, with what is known of it; what it rejects with stops the change. */
  beforeChange?: ((live: KubeObject) => Promise<void>) | undefined;
  /** Take fields over from other managers (default true). */
  force?: boolean | undefined;
  /** What the cache does not show is believed not to be there: it is applied without asking first, on that condition. */
  expectAbsent?: boolean | undefined;
  /** Kinds that are not built in. */
  resources?: readonly Resource[] | undefined;
}

/**
 * Applies the desired objects in their order, under one field manager, and answers with what changed. What is as desired
 * costs no request; `live` says, from a cache, what is there. Rejects with the first object's `KubeError` that the
 * server gives; the objects behind it are left as they are. Secrets must use `data`: `stringData` never comes back.
 */
export async function applyAll(
  client: Pick<KubeClient, 'get' | 'apply'>,
  desired: readonly KubeObject[],
  live: (object: KubeObject) => KubeObject | undefined,
  options: ApplyAllOptions,
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const object of desired) changes.push(await applyOne(client, object, live(object), options));
  return changes;
}

async function applyOne(
  client: Pick<KubeClient, 'get' | 'apply'>,
  desired: KubeObject,
  cached: KubeObject | undefined,
  options: ApplyAllOptions,
): Promise<Change> {
  const { fieldManager, owner, force = true, signal, timeoutMs } = options;
  const { namespace, name } = desired.metadata;
  const ref: ObjectRef = { apiVersion: desired.apiVersion, kind: desired.kind, namespace, name };
  const resource = resourceOf(desired, options.resources);
  const whole = prepare(desired, fieldManager, owner);
  if (!cached && options.expectAbsent) {
    const object = await applyAbsent(client, resource, whole, options);
    if (object) return { action: 'created', ref, object };
  }
  // A cache filtered by label does not show a foreign object, and apply has no "only if absent".
  const live = cached ?? (await client.get(resource, keyOf(desired), { signal, timeoutMs }));
  if (live && controllerOf(live)?.uid !== owner.metadata.uid) return { action: 'conflict', ref, object: live };
  if (live && covers(live, whole)) return { action: 'unchanged', ref, object: live };
  if (live) await options.beforeChange?.(live);
  // With the UID the server refuses to touch a successor that somebody else made meanwhile.
  const body = live ? { ...whole, metadata: { ...whole.metadata, uid: live.metadata.uid as string } } : whole;
  const apply = client.apply(resource, body, { fieldManager, force, signal, timeoutMs });
  const object = await apply.catch((error) => rejectReplaced(error, ref));
  if (!live) return { action: 'created', ref, object };
  const same = live.metadata.resourceVersion === object.metadata.resourceVersion;
  return { action: same ? 'unchanged' : 'configured', ref, object };
}

/** No object is ever at this version: etcd counts from 1, which is its state before the first write. */
const VERSION_OF_NOTHING = '1';

/** Applies only if there is no object of that name, by a version that none has; undefined where there is one. */
async function applyAbsent(
  client: Pick<KubeClient, 'apply'>,
  resource: Resource,
  whole: KubeObject,
  { fieldManager, force = true, signal, timeoutMs }: ApplyAllOptions,
): Promise<KubeObject | undefined> {
  const body = { ...whole, metadata: { ...whole.metadata, resourceVersion: VERSION_OF_NOTHING } };
  try {
    return await client.apply(resource, body, { fieldManager, force, signal, timeoutMs });
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
}

/** The server calls a UID that no longer fits invalid, although the object is fine and only the cache is late. */
function rejectReplaced(error: unknown, { kind, namespace, name }: ObjectRef): never {
  if (!isInvalid(error) || !error.fields.includes('metadata.uid')) throw error;
  const message = `${kind} ${namespace}/${name} was replaced by another of its name since it was read`;
  throw new KubeError({ status: 409, reason: 'Conflict', message, cause: error });
}

/** The object as it is sent: controlled by its owner, and with the hash that shows when a field is no longer desired. */
function prepare(desired: KubeObject, fieldManager: string, owner: ApiObject): KubeObject {
  const owned = { ...desired.metadata, ownerReferences: [controllerReference(owner)] };
  const hash = hashOf({ ...desired, metadata: owned });
  const annotations = { ...owned.annotations, [`${fieldManager}/applied-hash`]: hash };
  return { ...desired, metadata: { ...owned, annotations } };
}

/** A short digest of a value that does not depend on the order of its fields. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((element) => canonical(element ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
}
