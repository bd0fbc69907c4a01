/** A link from a dependant to the object that owns it; garbage collection follows the UID, never the name. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** The parts of `metadata` that controllers use; times are RFC 3339 text. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
}

/** The least that every API object has: what a hand-written or generated type must satisfy to be read and written. */
export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An API object of any kind, its fields beyond the metadata untyped. */
export interface KubeObject extends ApiObject {
  [field: string]: unknown;
}

/** Names one object of a known kind; no namespace for cluster-scoped kinds. */
export interface ObjectKey {
  namespace?: string | undefined;
  name: string;
}

/** The key of an object. */
export function keyOf(object: ApiObject): ObjectKey {
  return { namespace: object.metadata.namespace, name: object.metadata.name };
}

/** A key as text, `namespace/name` or `name`, the form that queues and caches index by. */
export function formatKey(key: ObjectKey): string {
  return key.namespace ? `${key.namespace}/${key.name}` : key.name;
}

/** The reverse of {@link formatKey}. */
export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** The owner reference that makes its bearer the controller, or undefined where nothing controls the object. */
export function controllerOf(object: ApiObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** An owner reference by which `owner` (as read from the API, so with a UID) controls a dependant. */
export function controllerReference(owner: ApiObject): OwnerReference {
  const { name, uid } = owner.metadata;
  if (!uid) throw new Error(`${owner.kind} ${name} has no UID yet: read it from the API before owning objects by it`);
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true };
}
